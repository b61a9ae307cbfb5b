"""Looks at the media that a dataset's records name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from finetune_aws.media import look
from finetune_core.contracts import Plan
from finetune_core.media_checks import check_media
from finetune_core.model_rules import Model
from finetune_core.validation import Scanned, spec_of
from validate_dataset.files import Files

MOST: Final = 2_000
"""Files that are looked at: about 80 seconds. The first fault of a kind shows in the first of them."""


def check(scanned: Iterable[Scanned], files: Files, plan: Plan, model: Model, kind: str) -> None:
    """Add the faults of the media to the scanned files; files without media are not read again."""
    for file in scanned:
        if file.partial.media:
            spec = spec_of(file.sniffed, model, kind, file.role)
            chunks = files.chunks(file.role)
            check_media(chunks, file.partial, spec, look, bucket=plan.data_bucket, most=MOST)
