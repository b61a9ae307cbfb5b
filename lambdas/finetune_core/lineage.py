"""Where a run's training goes on from, and everything that a model has ever seen.

A run whose settings say ``base: champion`` (the default of a corpus) trains the dataset's champion further,
on the files that nothing in its line has seen. Where that cannot be done it starts afresh from the base
model with all of its files, and says why. ``runs/<run_id>/lineage.json`` keeps the whole line.

    champion ─▶ obstacle()? ─none──▶ descend(): parent = champion, trained = new files, seen = parent's + new
                     └───────words─▶ descend(): no parent, trained = seen = all files

That a job's base may be an earlier custom model: Bedrock user guide, "Submit a model customization job", read
2026-11-23. It names no families; AWS shows it for text models only (machine learning blog, "Iterative
fine-tuning on Amazon Bedrock", read 2026-11-23), so models of images start afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from finetune_core.catalogue import plain_id
from finetune_core.inputs import Inputs, PinnedFile
from finetune_core.model_rules import Model

FILE: Final = "lineage.json"
"""Name of the record below ``runs/<run_id>/``."""
TRAINED_FILE: Final = "training-inputs.json"
"""Name of the reduced inputs of a run that goes on from a parent, below ``runs/<run_id>/``."""
LISTED: Final = 2000
"""Files that the ledger lists by name: an item holds 400 KB; the record in S3 is complete."""
_IMAGES: Final = "image-caption"


class Ancestor(msgspec.Struct, kw_only=True, frozen=True):
    """A model further up the line; ``run_id`` is empty when no run of this pipeline made it."""

    run_id: str
    model_arn: str


class Record(msgspec.Struct, kw_only=True, frozen=True):
    """``lineage.json``: the line of the model that a run makes.

    ``ancestors`` begin with the oldest, the last one is the parent. ``trained`` are this run's training
    files, ``seen`` those of the whole line, this run included.
    """

    run_id: str
    dataset: str
    collection: str
    base_model: str
    reason: str
    ancestors: list[Ancestor]
    trained: list[PinnedFile]
    seen: list[PinnedFile]

    @property
    def parent(self) -> Ancestor | None:
        """The model that training went on from, or None after a fresh start."""
        return self.ancestors[-1] if self.ancestors else None


class Champion(msgspec.Struct, frozen=True, kw_only=True):
    """The dataset's champion as ledger and Bedrock know it; ``active`` is False when its model is gone."""

    run_id: str
    model_arn: str
    base_model: str
    customization_type: str
    active: bool


def obstacle(  # noqa: PLR0911 - one line for each reason
    champion: Champion | None, *, base_model: str, kind: str, model: Model | None, new: Sequence[PinnedFile]
) -> str:
    """Return in words why training cannot go on from ``champion``, or "" when it can.

    ``base_model`` and ``kind`` are what the run asks for, ``model`` the catalogue's row of ``base_model``
    (None: not known, so tried), ``new`` the training files that the champion's line has not seen.
    """
    if champion is None:
        return "no model of this dataset has been promoted yet"
    if plain_id(champion.base_model) != plain_id(base_model):
        return f"the champion comes from {champion.base_model}, and the settings name {base_model}"
    if not champion.active:
        return f"the champion's custom model {champion.model_arn} is gone or not active"
    if champion.customization_type not in ("", kind):
        return f"the champion was made by {champion.customization_type}, and this run is {kind}"
    if model is not None and any(_IMAGES in rules.formats for rules in model.kinds.values()):
        return f"nothing says that Bedrock trains a custom {model.name} further"
    if not new:
        return f"run {champion.run_id} has seen every one of these files"
    return ""


def unseen(files: Iterable[PinnedFile], seen: Iterable[PinnedFile]) -> list[PinnedFile]:
    """Return the training files among ``files`` whose very version is not in ``seen``."""
    known = {(file.bucket, file.key, file.version_id) for file in seen}
    return [
        file
        for file in files
        if file.role == "train" and (file.bucket, file.key, file.version_id) not in known
    ]


def descend(
    inputs: Inputs, *, base_model: str, reason: str, parent: Record | None, ancestor: Ancestor | None
) -> Record:
    """Return the record of a run: with ``ancestor`` it goes on from there, without it starts afresh.

    ``parent`` is the ancestor's own record, None when it left none.
    """
    seen_before = parent.seen if parent and ancestor else []
    trained = unseen(inputs.files, seen_before)
    before = parent.ancestors if parent else []
    return Record(
        run_id=inputs.run_id,
        dataset=inputs.dataset,
        collection=inputs.collection,
        base_model=base_model,
        reason=reason,
        ancestors=[*before, ancestor] if ancestor else [],
        trained=trained,
        seen=[*seen_before, *trained],
    )


def reduced(inputs: Inputs, record: Record) -> Inputs:
    """Return ``inputs`` with the training files of ``record`` alone; other roles stay as they are."""
    others = [file for file in inputs.files if file.role != "train"]
    return msgspec.structs.replace(inputs, files=[*record.trained, *others])


def listed(record: Record) -> list[str]:
    """Return what the ledger lists: ``key@version`` of the files seen, the newest ``LISTED`` of them."""
    return [f"{file.key}@{file.version_id}" for file in record.seen[-LISTED:]]
