"""Which file or split plays which part in a run, and how a failed validation is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from finetune_core.contracts import Counts, RunSettings, Shard, TokenRange
from finetune_core.errors import DatasetInvalid
from finetune_core.model_rules import KindRules, Model
from finetune_core.scanner import stable_fingerprint
from finetune_core.split import SplitPlan, plan_split
from finetune_core.validation import Report, Scanned

if TYPE_CHECKING:
    from finetune_core.near_duplicates import Grouping

SHARD: Final = 25
"""Evaluation records that one function call asks: small enough to end in time on a slow endpoint."""
MOST_EVALUATION: Final = 1000
"""Records of the user's own evaluation file that are asked; the rest would only cost."""
MOST_COMPARED: Final = 256 * 1_048_576
"""Bytes of a dataset up to which near duplicates are looked for: 52 seconds of one function."""
_SHOWN: Final = 5
_ASKED: Final = ("converse", "messages", "prompt-completion", "input", "text", "reinforcement")

Part = Literal["train", "validation", "evaluation"]


class Sources(msgspec.Struct, frozen=True):
    """Where each part comes from: a role of the dropped files, or None for a split of the training file."""

    validation: Literal["validation", "none"] | None
    evaluation: Literal["validation", "evaluation", "none"] | None


class Prepared(msgspec.Struct, frozen=True):
    """Where the job's parts lie; ``evaluation_records`` counts prompts, which not every record holds."""

    train_uri: str
    validation_uri: str | None
    evaluation_records: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a valid dataset before it is prepared.

    ``own_validation`` counts the records of the user's own validation file, None when there is none.
    """

    split: SplitPlan
    sources: Sources
    record_format: str
    faults: dict[str, int]
    tokens: TokenRange
    report_json: str
    report_html: str
    own_validation: int | None


def choose_sources(roles: set[str], *, takes_validation: bool, can_be_asked: bool) -> Sources:
    """Return where validation and evaluation records come from.

    A validation file for a model that takes none still serves as held-out prompts, if there are no others.
    Records that cannot be asked (image captions) are not held out at all.
    """
    validation: Literal["validation", "none"] | None = "none"
    if takes_validation:
        validation = "validation" if "validation" in roles else None
    if not can_be_asked:
        return Sources(validation, "none")
    if "evaluation" in roles:
        return Sources(validation, "evaluation")
    return Sources(validation, "validation" if "validation" in roles and not takes_validation else None)


def can_be_asked(record_format: str, model: Model) -> bool:
    """Return whether records hold a question with a known answer; those of image generators hold none."""
    return record_format in _ASKED or (record_format == "image-caption" and model.embeds)


def kept_together(
    record_format: str,
    train: Scanned,
    sources: Sources,
    read: Callable[[], Iterable[bytes]],
    known: Grouping | None,
) -> dict[int, int]:
    """Return which record decides for each that must lie on the same side of a split.

    Captions of one image; near duplicates of texts. Arguments as in `near_duplicates`.
    """
    if record_format != "image-caption":
        return near_duplicates(train, sources, read, known)
    split = sources.validation is None or sources.evaluation is None
    return _same_image(read()) if split else {}


def near_duplicates(
    train: Scanned, sources: Sources, read: Callable[[], Iterable[bytes]], known: Grouping | None
) -> dict[int, int]:
    """Return which record decides for each near duplicate, so that a split keeps them on one side.

    Nothing for a file that is not split, or too large to compare in one function; copies of a record stay
    together in any case. ``known`` is what the check of the whole dataset found, training records first;
    without it ``read`` yields the records, each time it is called.
    """
    split = sources.validation is None or sources.evaluation is None
    if not split or train.partial.size > MOST_COMPARED:
        return {}
    from finetune_core.near_duplicates import group  # noqa: PLC0415 - costs the function's start

    own = [mark for mark in train.partial.fingerprints if mark]
    pairs = zip(own, (known or group(read)).marks[: len(own)], strict=True)
    return {mark: group_mark for mark, group_mark in pairs if mark != group_mark}


def _same_image(lines: Iterable[bytes]) -> dict[int, int]:
    first: dict[str, int] = {}
    moved = {}
    for line in lines:
        image, mark = str(msgspec.json.decode(line).get("image-ref")), stable_fingerprint(line)
        if first.setdefault(image, mark) != mark:
            moved[mark] = first[image]
    return moved


def plan_parts(
    train: Scanned,
    rules: KindRules,
    sources: Sources,
    settings: RunSettings,
    moved: dict[int, int] | None = None,
) -> SplitPlan:
    """Plan the split of the training file for the parts that have no file of their own.

    `moved` is what `near_duplicates` found.
    """
    return plan_split(
        train.partial.fingerprints,
        rules,
        validation_fraction=settings.validation_fraction if sources.validation is None else 0.0,
        evaluation_records=settings.evaluation_records if sources.evaluation is None else 0,
        moved=moved,
    )


def training_tokens(report: Report, plan: SplitPlan) -> TokenRange:
    """Return the tokens of one pass over the training split: its share of the whole file's."""
    total = plan.train + plan.validation + plan.evaluation
    share = plan.train / total if total else 0.0
    whole = report.tokens
    return TokenRange(
        low=int(whole.low * share), expected=int(whole.expected * share), high=int(whole.high * share)
    )


def shards(records: int) -> list[Shard]:
    """Cut the evaluation records into pieces of at most ``SHARD``."""
    return [Shard(start=start, stop=min(start + SHARD, records)) for start in range(0, records, SHARD)]


def counts(plan: SplitPlan, validation_records: int | None, evaluation_records: int) -> Counts:
    """Return the records of each part; ``validation_records`` is None when validation is split off."""
    validation = plan.validation if validation_records is None else validation_records
    return Counts(train=plan.train, validation=validation, evaluation=evaluation_records)


def words_for(keys: list[str]) -> str:
    """Return the words that name the files of one role in messages."""
    name = keys[0].rpartition("/")[2]
    return name if len(keys) == 1 else f"{len(keys)} files read as one ({name} first)"


def refusal(report: Report, files: dict[str, str], html: str) -> DatasetInvalid:
    """Return the error for an invalid dataset: totals, the first faults with line and path, the report.

    ``files`` maps a role to the words that name its file.
    """
    errors = [fault for fault in report.faults if fault.severity == "error"]
    shown = []
    for fault in errors[:_SHOWN]:
        line = f" line {fault.line}" if fault.line else ""
        path = f" {fault.path}" if fault.path else ""
        shown.append(f"{files.get(fault.role, fault.role)}{line}{path}: {fault.message}")
    more = f"; and {report.errors - len(shown):,} more" if report.errors > len(shown) else ""
    return DatasetInvalid(
        f"{report.errors:,} errors in {report.records:,} records: {'; '.join(shown)}{more}",
        where=html,
        remedy=errors[0].remedy if errors else "Read the report.",
    )
