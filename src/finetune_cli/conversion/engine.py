"""Convert one file: read, recognise, parse, fit, render, write; account for everything on the way."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from finetune_cli.conversion import reading, sources
from finetune_cli.conversion.conversation import Unusable
from finetune_cli.conversion.fitting import Target, fit
from finetune_cli.conversion.losses import Account, Notes
from finetune_cli.conversion.media import Store
from finetune_cli.conversion.reading import Item
from finetune_cli.conversion.recognition import Fields, recognise
from finetune_cli.conversion.targets import render
from finetune_cli.errors import CommandError

MEDIA_PREFIX: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w\-.]+)*/?", re.ASCII)
"""Addresses of media that Bedrock takes: letters, digits, _ - / and . (Nova user guide, read 2026-11-23)."""

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Order:
    """What to convert, from where to where. `source` "" means that each record tells its own format."""

    path: Path
    out: Path
    target: Target
    source: str = ""
    fields: Fields = field(default_factory=Fields)
    media_prefix: str = ""

    @property
    def losses(self) -> Path:
        """The file with every loss, beside the output."""
        return self.out.with_name(f"{self.out.name}.losses.jsonl")

    @property
    def media(self) -> Path:
        """The folder for inline media, beside the output."""
        return self.out.with_name(f"{self.out.stem}.media")


@dataclass(slots=True)
class Result:
    """What became of the records. `sources` counts those read by format."""

    container: str
    read: int = 0
    written: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    losses: list[dict[str, Any]] = field(default_factory=list)
    media: list[str] = field(default_factory=list)

    @property
    def dropped(self) -> int:
        """Records left out."""
        return self.read - self.written


def convert(order: Order) -> Result:
    """Write the converted file (only if a record could be converted) and the file of losses (only if any).

    Raises:
        CommandError: the input as a whole cannot be read, or the order contradicts itself.
    """
    _check(order)
    container = reading.container_of(order.path)
    result, store = Result(container), Store(order.media, order.media_prefix)
    draft = order.out.with_name(f".{order.out.name}.part")
    try:
        with Account(order.losses) as account, draft.open("wb") as stream:
            for item in reading.read(order.path, container):
                line = _convert_one(item, order, store, account, result)
                if line:
                    stream.write(line + b"\n")
        if result.written:
            draft.replace(order.out)
    finally:
        draft.unlink(missing_ok=True)
    result.losses, result.media = account.as_list(), sorted(store.files)
    return result


def _check(order: Order) -> None:
    if order.out.resolve() == order.path.resolve():
        raise CommandError(
            "Input and output are the same file.", where=str(order.out), do="Name another with --out."
        )
    if not order.out.parent.is_dir():
        raise CommandError(
            "The folder of the output does not exist.", where=str(order.out.parent), do="Make it first."
        )
    if order.media_prefix and not MEDIA_PREFIX.fullmatch(order.media_prefix):
        raise CommandError(
            f"{order.media_prefix!r} is not a place that Bedrock reads media from.",
            where="--media-prefix",
            do="Write s3://BUCKET/PREFIX with letters, digits, _ - / and . only.",
        )


def _convert_one(item: Item, order: Order, store: Store, account: Account, result: Result) -> bytes:
    """The converted line, b"" if the record is left out; account and result are told."""
    result.read += 1
    notes = Notes()
    try:
        line = _line(item, order, store, notes, result)
    except Unusable as verdict:
        why = verdict.detail
        notes.found = [(verdict.reason, verdict.path, why)]
        line = b""
    else:
        result.written += 1
    account.add(item.line, item.number, notes.found)
    return line


def _line(item: Item, order: Order, store: Store, notes: Notes, result: Result) -> bytes:
    if item.fault:
        raise Unusable(item.fault, str(item.value))
    if not isinstance(item.value, dict):
        raise Unusable("not-an-object", f"found {type(item.value).__name__}")
    for key in item.repeated:
        notes.note("repeated-key", "$", key)
    source = order.source or recognise(item.value, order.fields)
    if not source:
        raise Unusable("unknown-format", f"keys: {', '.join(map(str, item.value))}")
    result.sources[source] += 1
    talk = sources.parse(item.value, source, order.fields, notes)
    fit(talk, order.target, notes)
    record = render(talk, order.target.format, store, notes)
    try:
        return _encode(record)
    except UnicodeEncodeError:
        raise Unusable("malformed", "half of a character (a lone surrogate) in a text") from None
