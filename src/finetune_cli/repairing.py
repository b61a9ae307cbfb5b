"""Writes a repaired copy of a file and the list of its changes (`finetune validate --fix`)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from finetune_cli.errors import CommandError
from finetune_core.repair import Repaired, Repairer
from finetune_core.sniff import HEAD, sniff
from finetune_core.validation import Repair, Report, Role, spec_of

if TYPE_CHECKING:
    from finetune_cli.console import Console
    from finetune_core.model_rules import Model

CHUNK_BYTES = 1 << 20


def changes_beside(out: Path) -> Path:
    """Where the list of changes of a repaired file goes."""
    return out.with_name(out.name + ".changes.jsonl")


def repair_file(source: Path, out: Path, *, model: Model, kind: str, role: Role, before: Report) -> Repair:
    """Write `out` and its list of changes, one JSON object a line.

    Copies of a record are dropped unless too few records for training would be left.

    Raises:
        CommandError: the file is not JSON Lines at all, or `out` is the file itself.
    """
    if out.exists() and out.samefile(source):
        raise CommandError("OUT is the file itself.", where="--fix", do="Name another file.")
    with source.open("rb") as stream:
        sniffed = sniff(stream.read(HEAD))
    if sniffed.code:
        do = "`finetune convert` reads JSON arrays, CSV, TSV, Parquet and gzip; save other files as UTF-8."
        raise CommandError(
            f"{source} cannot be repaired line by line: {sniffed.message}.", where="--fix", do=do
        )
    spec = spec_of(sniffed, model, kind, role)
    read, written, counts = _write(source, out, Repairer(spec))
    copies = counts["dropped"]["duplicate_record"]
    if role == "train" and written < spec.rules.records_min.value <= written + copies:
        read, written, counts = _write(source, out, Repairer(spec, keep_copies=True))
    return Repair(
        source=_told(source),
        output=_told(out),
        changes=_told(changes_beside(out)),
        records_read=read,
        records_written=written,
        changed=dict(counts["changed"]),
        dropped=dict(counts["dropped"]),
        valid_before=before.valid,
        before=before.counts,
    )


def _write(source: Path, out: Path, repairer: Repairer) -> tuple[int, int, dict[str, Counter[str]]]:
    """Write both files; return the records read and written, and the changes by action and code.

    They get their names when they are whole: what was interrupted leaves nothing.
    """
    read = written = 0
    counts: dict[str, Counter[str]] = {"changed": Counter(), "dropped": Counter()}
    with _whole(out) as records, _whole(changes_beside(out)) as changes:
        for result in _repaired(source, repairer):
            read += _is_record(result)
            if result.line is not None:
                written += records.write(result.line) > 0
            for change in result.changes:
                counts[change.action][change.code] += 1
                changes.write(msgspec.json.encode(change) + b"\n")
    return read, written, counts


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Write a file beside its name and rename it at the end; write to a device (/dev/null) at once."""
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as stream:
            yield stream
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def show_repair(repair: Repair, console: Console) -> None:
    """Print what was changed and dropped."""
    console.say(f"{repair.output}: {repair.records_written:,} of {repair.records_read:,} records")
    for verb, counts in (("changed", repair.changed), ("dropped", repair.dropped)):
        for code, count in counts.items():
            console.say(f"  {verb:<8} {count:>8,}  {code}")
    if "wrong_format" in repair.dropped:
        console.say("  records of another format: `finetune convert` brings them into the model's")
    if not repair.changed and not repair.dropped:
        console.say("  nothing to repair")
    console.say(f"every change: {repair.changes}\n")


def _repaired(source: Path, repairer: Repairer) -> Iterator[Repaired]:
    with source.open("rb") as stream:
        yield from repairer.file(iter(lambda: stream.read(CHUNK_BYTES), b""))


def _told(path: Path) -> str:
    """A path as text, whatever bytes its name holds."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_record(result: Repaired) -> bool:
    return not any(change.code == "blank_line" for change in result.changes)
