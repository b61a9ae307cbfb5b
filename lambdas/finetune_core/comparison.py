"""What differs between a run and the one before it of the same dataset: settings, data, counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from finetune_core.contracts import Counts, RunSettings
from finetune_core.inputs import PinnedFile

_PARTS: Final = ("train", "validation", "evaluation")


class Facts(msgspec.Struct, kw_only=True, frozen=True):
    """What two runs are compared by; ``files`` is empty when the list of inputs could not be read."""

    run_id: str
    outcome: str
    settings: RunSettings
    counts: Counts
    files: list[PinnedFile] = []


def differences(now: Facts, before: Facts | None) -> list[str]:
    """Return one sentence per difference, the first naming the run that was compared with."""
    if before is None:
        return ["this is the first run of the dataset that got as far"]
    found = [*_settings(now.settings, before.settings), *_files(now.files, before.files)]
    found += _counts(now.counts, before.counts)
    ended = before.outcome or "still running"
    return [f"from run {before.run_id} ({ended}):", *(found or ["nothing: same settings, same contents"])]


def _settings(now: RunSettings, before: RunSettings) -> Iterator[str]:
    old: dict[str, Any] = msgspec.to_builtins(before)
    for name, value in msgspec.to_builtins(now).items():
        if value != old[name]:
            yield f"{name}: {_shown(old[name])} → {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in sorted(value.items())) or "defaults"
    return "none" if value is None else str(value)


def _files(now: list[PinnedFile], before: list[PinnedFile]) -> Iterator[str]:
    if not now or not before:
        return
    old = {file.key: file for file in before}
    for file in now:
        name = file.key.rpartition("/")[2]
        last = old.pop(file.key, None)
        if last is None:
            yield f"{name}: new, {file.bytes:,} bytes (version {file.version_id})"
        elif last.version_id != file.version_id and (last.etag, last.bytes) != (file.etag, file.bytes):
            yield f"{name}: {last.bytes:,} → {file.bytes:,} bytes (version {file.version_id})"
    yield from (f"{key.rpartition('/')[2]}: no longer there" for key in sorted(old))


def _counts(now: Counts, before: Counts) -> Iterator[str]:
    for part in _PARTS:
        new, old = getattr(now, part), getattr(before, part)
        if new != old:
            yield f"{part} records: {old:,} → {new:,} ({new - old:+,})"
