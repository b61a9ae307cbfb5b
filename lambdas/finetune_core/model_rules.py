"""The shapes of the model catalogue: what a row says, with the source of each fact.

Rows live in `catalogue_data_*.py`; the look-ups in `catalogue.py`. A fact that two sources give
differently is one `Limit` with two values: the laxer one is the error bound, the stricter one a
warning, and both sources are named to the user.
"""

from typing import Literal

from msgspec import Struct

Kind = Literal["FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION", "REINFORCEMENT_FINE_TUNING"]
Format = Literal[
    "converse", "messages", "prompt-completion", "input", "text", "image-caption", "reinforcement"
]
ValidationFile = Literal["optional", "disputed", "refused"]


class Source(Struct, frozen=True):
    """Where a fact comes from: a short name, its address and the date (ISO) it was read."""

    name: str
    url: str
    read: str


class Limit(Struct, frozen=True):
    """A bound. Beyond `value` is an error; beyond `strict`, if given, is a warning.

    `strict_where` says in words where the stricter bound holds, if it does not hold for all jobs.
    """

    value: int
    source: Source
    strict: int | None = None
    strict_source: Source | None = None
    strict_where: str = ""


class Hyperparameter(Struct, frozen=True):
    """One entry of the job's hyperParameters map (always sent as strings).

    `minimum` and `maximum` are inclusive; None means that no bound is published.
    `strict_maximum` is a lower maximum that another source gives.
    """

    name: str
    kind: Literal["int", "float", "choice"]
    source: Source
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    strict_maximum: float | None = None
    strict_source: Source | None = None


class MediaRules(Struct, frozen=True):
    """What media one record may hold; file sizes in bytes, sides in pixels, lengths in seconds.

    `ratio` is how many times as long as the other a side may be. `strict_formats` are those that another
    source names, of all kinds; `strict_seconds` the lower bound of a third.
    """

    source: Source
    image_formats: tuple[str, ...] = ()
    images: int = 0
    image_bytes: int = 0
    video_formats: tuple[str, ...] = ()
    videos: int = 0
    video_bytes: int = 0
    video_seconds: int = 0
    document_formats: tuple[str, ...] = ()
    documents: int = 0
    document_bytes: int = 0
    mixed: bool = False
    side: tuple[int, int] = (0, 0)
    pixels: int = 0
    ratio: int = 0
    strict_formats: tuple[str, ...] = ()
    strict_source: Source | None = None
    strict_seconds: int = 0
    strict_seconds_source: Source | None = None


class KindRules(Struct, frozen=True):
    """What one model takes for one kind of customization.

    `formats`: record formats accepted, the usual one first. `records_min` bounds the training file,
    `records_max` the sum of training and validation records (`sums_validation`) or training alone.
    `tokens_max` is per record; `text_min` / `text_max` are characters of one text;
    `characters_max` bounds all texts of a record together; `line_bytes` the longest line; `file_bytes` the
    largest training file. `quota_code` is the Service Quotas code of the
    record limit, None where it has none or cannot be raised. `schema_version`: whether a Converse record's
    schemaVersion may be any string (a warning), must be the constant if given, or must be given.
    `system_items`: how many items of a system prompt one source takes; more are a warning.
    `tools_disputed`: the source that says that tools are not taken, though the row's own takes them.
    `prompts`: a record may end with the user, the service writes the answer. `single_turn`: the source that
    takes one turn only: several are an error if it is the row's own source, else a warning.
    """

    source: Source
    formats: tuple[Format, ...]
    records_min: Limit
    records_max: Limit
    hyperparameters: tuple[Hyperparameter, ...] = ()
    validation_file: ValidationFile = "optional"
    validation_file_source: Source | None = None
    validation_records_min: Limit | None = None
    validation_records_max: Limit | None = None
    sums_validation: bool = True
    tokens_max: Limit | None = None
    text_min: int = 1
    text_max: Limit | None = None
    characters_max: Limit | None = None
    line_bytes: Limit | None = None
    file_bytes: Limit | None = None
    validation_file_bytes: Limit | None = None
    media: MediaRules | None = None
    reserved: str = ""
    schema_version: Literal["free", "constant", "required"] = "free"
    strict_turns: bool = True
    system_items: int | None = None
    system_items_source: Source | None = None
    prompts: bool = False
    single_turn: Source | None = None
    reasoning: bool = False
    tools: bool = False
    tools_disputed: Source | None = None
    unknown_keys: Literal["warning", "error"] = "warning"
    advised_records: int | None = None
    quota_code: str | None = None
    quota_name: str = ""


class Serving(Struct, frozen=True):
    """How a custom model of this base can be served, and where.

    `units_quota`: Service Quotas code of model units per provisioned model; `no_commitment_quota`: of
    no-commitment model units across custom models (default 0 in every account).
    """

    source: Source
    provisioned_regions: tuple[str, ...] = ()
    on_demand_regions: tuple[str, ...] = ()
    units_quota: str | None = None
    no_commitment_quota: str = "L-BE77399C"
    deployments_quota: str = "L-1EF80F3E"

    @property
    def provisioned(self) -> bool:
        """Whether Provisioned Throughput can be bought for it."""
        return bool(self.provisioned_regions)

    @property
    def on_demand(self) -> bool:
        """Whether an on-demand custom model deployment can serve it."""
        return bool(self.on_demand_regions)


class Model(Struct, frozen=True):
    """A base model that Bedrock customizes or customized.

    `id` is the exact id for customization and Provisioned Throughput (with its context suffix);
    `invoke_id` what Converse and InvokeModel take for the base model itself. `embeds` says that it turns
    texts and images into vectors. `retired` is the ISO date of the documented end of life, `legacy` the date
    from which no new job is taken, None if unknown: the live answer of GetFoundationModel decides, these
    only explain. `jobs` is false for a model that CreateModelCustomizationJob does not take: the pipeline
    checks its data and cannot train it.
    """

    id: str
    invoke_id: str
    name: str
    provider: str
    regions: tuple[str, ...]
    kinds: dict[Kind, KindRules]
    serving: Serving
    source: Source
    legacy: str | None = None
    retired: str | None = None
    price_family: str = ""
    embeds: bool = False
    jobs: bool = True
