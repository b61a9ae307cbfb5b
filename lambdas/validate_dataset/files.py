"""The pinned files of a run as streams of bytes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from finetune_aws import objects
from finetune_core.contracts import Plan, Preflight
from finetune_core.inputs import Inputs
from finetune_core.preparation import words_for


class Files:
    """Reads the files that ``inputs.json`` pins. A corpus's files are read as one, in the order of keys."""

    def __init__(self, plan: Plan, preflight: Preflight) -> None:
        pinned = preflight.lineage.inputs if preflight.lineage else plan.inputs
        text = objects.read(pinned.bucket, pinned.key)
        self._inputs = msgspec.json.decode(text, type=Inputs)
        self.roles = {str(file.role) for file in self._inputs.files} - {"reward", "run"}

    def chunks(self, role: str) -> Iterator[bytes]:
        """Yield the bytes of a role's files; a file that lacks its last line end gets one before the next."""
        last = b"\n"
        for file in self._inputs.by_role(role):
            if not last.endswith(b"\n"):
                yield b"\n"
            for chunk in objects.read_chunks(file.bucket, file.key, file.version_id, file.bytes):
                last = chunk
                yield chunk

    def names(self) -> dict[str, str]:
        """Return the words that name each role's file in messages."""
        return {role: words_for([file.key for file in self._inputs.by_role(role)]) for role in self.roles}
