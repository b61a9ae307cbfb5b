"""The base models that our Bedrock offers, as data: one row a model.

Limits, ids, Regions and states come from the user guide's pages custom-model-fine-tuning,
model-customization-prepare, custom-models-hp, model-lifecycle, prov-thru-supported,
deploy-custom-model-on-demand and general/latest/gr/bedrock.html (copies of about October 2026, read
2026-11-23). This table is on purpose not the pipeline's own: it judges the pipeline.

``amazon.titan-text-express-v1:0:8k`` is offered as the service once did (user guide, custom-model-supported,
an older copy), because no active model offers continued pre-training today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from finetune_local.bedrock.errors import invalid

FINE_TUNING: Final = "FINE_TUNING"
CONTINUED_PRE_TRAINING: Final = "CONTINUED_PRE_TRAINING"
DISTILLATION: Final = "DISTILLATION"
REINFORCEMENT: Final = "REINFORCEMENT_FINE_TUNING"
CHARACTERS_PER_TOKEN: Final = 6
"""Bound of the documentation: characters <= tokens x 6 (model-customization-prepare, read 2026-11-23)."""

RecordFormat = Literal[
    "converse", "prompt_completion", "pretraining", "caption", "distillation", "reinforcement"
]


@dataclass(frozen=True)
class Hyperparameter:
    """One row of a model's hyperparameter table; values travel as strings."""

    name: str
    kind: type[int] | type[float]
    low: float
    high: float
    default: str | None
    auto: bool = False

    def check(self, text: str) -> str:
        """Return `text` if the service takes it; raise a ValidationException naming the range."""
        if self.auto and text.lower() == "auto":
            return text
        try:
            value = self.kind(text)
        except ValueError:
            raise invalid(
                f"Invalid value {text!r} for hyperparameter {self.name}: "
                f"it must be {'an integer' if self.kind is int else 'a number'}."
            ) from None
        if not self.low <= value <= self.high:
            raise invalid(
                f"Invalid value {text!r} for hyperparameter {self.name}: "
                f"it must be between {self.low:g} and {self.high:g}."
            )
        return text


@dataclass(frozen=True, kw_only=True)
class FoundationModel:
    """One base model.

    ``model_id`` (with a context suffix) is for customization and Provisioned Throughput, ``plain_id`` for
    invocation. ``records`` bounds the sum of training and validation records of fine-tuning, ``tokens`` one
    record. ``profile_only``: the plain id answers only through an inference profile (``us.…``).
    """

    model_id: str
    plain_id: str
    name: str
    provider: str
    regions: tuple[str, ...]
    formats: Mapping[str, RecordFormat]
    records: tuple[int, int]
    tokens: int
    hyperparameters: tuple[Hyperparameter, ...]
    inputs: tuple[str, ...] = ("TEXT",)
    outputs: tuple[str, ...] = ("TEXT",)
    profile_only: bool = False
    legacy: bool = False
    end_of_life: datetime | None = None
    reserved_strings: bool = False
    tools: bool = False
    media: tuple[str, ...] = ()
    validation: bool = True
    provisioned: bool = True
    deployable: bool = False
    no_commitment: bool = True
    units_quota: str | None = None
    records_quota: str | None = None
    record_characters: int | None = None

    @property
    def characters(self) -> int:
        """Most characters that one record may have."""
        return self.record_characters or self.tokens * CHARACTERS_PER_TOKEN

    @property
    def embeds(self) -> bool:
        """Whether it turns texts and images into vectors."""
        return "EMBEDDING" in self.outputs

    def arn(self, region: str, *, plain: bool = False) -> str:
        """Return the model's ARN in `region`, of its customization id or of its plain id."""
        return f"arn:aws:bedrock:{region}::foundation-model/{self.plain_id if plain else self.model_id}"

    def resolve_hyperparameters(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return `given` checked and completed by defaults; raise a ValidationException."""
        rows = {row.name: row for row in self.hyperparameters}
        if unknown := sorted(set(given) - set(rows)):
            raise invalid(
                f"Hyperparameters {unknown} are not supported by {self.model_id}. "
                f"Supported hyperparameters: {sorted(rows)}."
            )
        values = {name: rows[name].check(text) for name, text in given.items()}
        for name, row in rows.items():
            if name not in values and row.default is None:
                raise invalid(f"Hyperparameter {name} is required by {self.model_id}.")
            values.setdefault(name, row.default or "")
        return values


def _nova_hyperparameters(warm_up_limit: int) -> tuple[Hyperparameter, ...]:
    return (
        Hyperparameter("epochCount", int, 1, 5, "2"),
        Hyperparameter("learningRate", float, 1e-6, 1e-4, "1e-05"),
        Hyperparameter("learningRateWarmupSteps", int, 0, warm_up_limit, "10"),
        Hyperparameter("batchSize", int, 1, 1, "1"),
    )


_TITAN_TEXT_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", int, 1, 10, "5"),
    Hyperparameter("batchSize", int, 1, 64, "1"),
    Hyperparameter("learningRate", float, 0, 1, "1e-05"),
    Hyperparameter("learningRateWarmupSteps", int, 0, 250, "5"),
)
_TITAN_EMBED_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", int, 1, 100, None, auto=True),
    Hyperparameter("batchSize", int, 256, 9216, "576"),
    Hyperparameter("learningRate", float, 5e-8, 1, "5e-05"),
)
_LLAMA_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", int, 1, 10, "5"),
    Hyperparameter("batchSize", int, 1, 1, "1"),
    Hyperparameter("learningRate", float, 5e-6, 0.1, "0.0001"),
)
TEACHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "amazon.nova-pro-v1:0": ("amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"),
}
"""Teacher -> students of what is offered here (prequisites-model-distillation, read 2026-11-23)."""
_CONVERSE: Final[dict[str, RecordFormat]] = {FINE_TUNING: "converse"}
_DISTILLED: Final[dict[str, RecordFormat]] = {DISTILLATION: "distillation"}
_REINFORCED: Final[dict[str, RecordFormat]] = {REINFORCEMENT: "reinforcement"}
"""Nova 2 Lite alone is tuned so (reinforcement-fine-tuning, read 2026-11-23)."""
_TITAN_FORMATS: Final[dict[str, RecordFormat]] = {
    FINE_TUNING: "prompt_completion",
    CONTINUED_PRE_TRAINING: "pretraining",
}


def _nova(
    size: str,
    context: str,
    *,
    version: str = "",
    units: str,
    records: str,
    profile_only: bool = False,
    media: tuple[str, ...] = ("image", "video"),
) -> FoundationModel:
    plain = f"amazon.nova-{version}{size}-v1:0"
    return FoundationModel(
        model_id=f"{plain}:{context}",
        plain_id=plain,
        provider="Amazon",
        name=f"Nova {version.replace('-', ' ')}{size.capitalize()}",
        regions=("us-east-1",),
        formats={**_CONVERSE, **(_REINFORCED if version else _DISTILLED)},
        records=(8, 20_000),
        tokens=32_000,
        hyperparameters=_nova_hyperparameters(20 if version else 100),
        inputs=("TEXT", "IMAGE") if media else ("TEXT",),
        profile_only=profile_only,
        reserved_strings=True,
        tools=version == "2-",
        media=media,
        deployable=True,
        units_quota=units,
        records_quota=records,
        no_commitment=version != "2-",
    )


def _llama(
    size: str,
    *,
    tokens: int = 16_000,
    media: tuple[str, ...] = (),
    units: str | None = None,
    end_of_life: datetime | None = None,
    provisioned: bool = True,
    deployable: bool = False,
    profile_only: bool = True,
    converse: bool = True,
) -> FoundationModel:
    plain = f"meta.llama{size}-instruct-v1:0"
    return FoundationModel(
        model_id=f"{plain}:128k",
        plain_id=plain,
        provider="Meta",
        name=f"Llama {size.replace('-', '.', 1).replace('-', ' ').upper()} Instruct",
        regions=("us-west-2",),
        formats=_CONVERSE if converse else {FINE_TUNING: "prompt_completion"},
        records=(100, 10_000),
        tokens=tokens,
        hyperparameters=_LLAMA_HYPERPARAMETERS,
        inputs=("TEXT", "IMAGE") if media else ("TEXT",),
        media=media,
        legacy=True,
        end_of_life=end_of_life,
        provisioned=provisioned,
        deployable=deployable,
        profile_only=profile_only,
        units_quota=units,
    )


_LLAMA_END: Final = datetime(2027, 3, 30, tzinfo=UTC)

FOUNDATION_MODELS: Final[tuple[FoundationModel, ...]] = (
    _nova("micro", "128k", units="L-AC096F71", records="L-EC6A6ABC", media=()),
    _nova("lite", "300k", units="L-127FC9D0", records="L-031F46A7"),
    _nova("pro", "300k", units="L-E48B7984", records="L-70FC4C0E"),
    _nova("lite", "256k", version="2-", units="L-07D3BCF0", records="L-82EE9228", profile_only=True),
    FoundationModel(
        model_id="amazon.titan-text-express-v1:0:8k",
        plain_id="amazon.titan-text-express-v1",
        name="Titan Text G1 - Express",
        provider="Amazon",
        regions=("us-east-1", "us-west-2"),
        formats=_TITAN_FORMATS,
        records=(1, 10_000),
        tokens=4_096,
        hyperparameters=_TITAN_TEXT_HYPERPARAMETERS,
    ),
    FoundationModel(
        model_id="amazon.titan-embed-image-v1:0",
        plain_id="amazon.titan-embed-image-v1",
        name="Titan Multimodal Embeddings G1",
        provider="Amazon",
        regions=("us-east-1", "us-west-2"),
        formats={FINE_TUNING: "caption"},
        records=(1_000, 50_000),
        tokens=256,
        record_characters=2_560,
        hyperparameters=_TITAN_EMBED_HYPERPARAMETERS,
        inputs=("TEXT", "IMAGE"),
        outputs=("EMBEDDING",),
        validation=False,
        media=("image",),
    ),
    _llama("3-1-8b", units="L-3632DE15", end_of_life=_LLAMA_END, profile_only=False, converse=False),
    _llama("3-1-70b", units="L-DD7903AD", profile_only=False, converse=False),
    _llama("3-2-1b"),
    _llama("3-2-3b"),
    _llama("3-2-11b", media=("image",)),
    _llama("3-3-70b", end_of_life=_LLAMA_END, provisioned=False, deployable=True),
)


def find(identifier: str, region: str) -> tuple[FoundationModel, bool] | None:
    """Return (model, whether its plain id was meant) for an id or foundation-model ARN, or None.

    Titan Multimodal Embeddings is customized under ``…-v1:0`` and invoked as ``…-v1``.
    """
    prefix = f"arn:aws:bedrock:{region}::foundation-model/"
    wanted = identifier.removeprefix(prefix)
    for model in FOUNDATION_MODELS:
        if region in model.regions and wanted in (model.model_id, model.plain_id):
            return model, wanted == model.plain_id
    return None
