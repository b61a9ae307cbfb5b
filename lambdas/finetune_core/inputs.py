"""What a run was made of: the pinned versions of its files, kept as ``runs/<run_id>/inputs.json``."""

from __future__ import annotations

from typing import Literal

import msgspec

from finetune_core.contracts import RunSettings


class PinnedFile(msgspec.Struct, kw_only=True, frozen=True):
    """One input file of a run: role in the run, pinned version, size in bytes, entity tag, ISO time."""

    role: Literal["train", "validation", "evaluation", "reward", "run"]
    bucket: str
    key: str
    version_id: str
    bytes: int
    etag: str = ""
    written_at: str = ""


class Inputs(msgspec.Struct, kw_only=True, frozen=True):
    """``runs/<run_id>/inputs.json``: exactly what a run was made of."""

    run_id: str
    dataset: str
    collection: str
    files: list[PinnedFile]
    settings: RunSettings

    def by_role(self, role: str) -> list[PinnedFile]:
        """Return the files of ``role`` in key order."""
        return [file for file in self.files if file.role == role]
