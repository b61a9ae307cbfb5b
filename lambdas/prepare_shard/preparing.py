"""Splits the records of one range; a side's bytes are sent as a part where they are large enough for one."""

from __future__ import annotations

from collections.abc import Iterator

from finetune_aws import multipart, objects, sources
from finetune_core.blocks import BlockReader
from finetune_core.contracts import ObjectRef
from finetune_core.sharding import LEAST_PART, Order, Range
from finetune_core.split import Side, records, split_lines


def prepare(described: ObjectRef, one: Range) -> None:
    """Send a range's records on: large sides to the uploads, small ones to pieces that are joined later."""
    order = sources.described(described, Order)
    sharding = order.sharding
    sides: dict[Side, bytearray] = {}
    for side, line in _lines(order, one):
        sides.setdefault(side, bytearray()).extend(line)
    for side, body in sides.items():
        if side in order.uploads and len(body) >= LEAST_PART:
            multipart.send(order.uploads[side], one.number + 1, bytes(body))
        else:
            key = sharding.piece_key(side, one)
            objects.write(sharding.plan.artifacts_bucket, key, bytes(body), "application/jsonl")


def _lines(order: Order, one: Range) -> Iterator[tuple[Side, bytes]]:
    whole = _whole_lines(order, one)
    if one.role == "train":
        yield from split_lines(whole, order.verdict.split)
    else:
        for line in records(whole):
            yield "validation", line


def _whole_lines(order: Order, one: Range) -> Iterator[bytes]:
    """Yield the lines that begin in the range, in blocks."""
    reader = BlockReader(one.start, one.stop)
    for chunk in sources.read_range(order.sharding.source(one.role), one):
        for block in reader.feed(chunk):
            yield block.lines
        if reader.done:
            return
    for block in reader.finish():
        yield block.lines
