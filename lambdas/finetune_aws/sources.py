"""Reads the sources of a sharded run: pinned versions in ranges, as one text; keeps what shards pass on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

from finetune_aws import objects
from finetune_core.contracts import ObjectRef
from finetune_core.sharding import Item, Range, Sharding, Source

CHUNK: Final = 8 * 1024 * 1024
"""Bytes per ranged read of a shard: a request's waiting time then hardly counts."""

_JSON: Final = "application/json"
Shape = TypeVar("Shape", bound=msgspec.Struct)


def read_source(source: Source, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the source's bytes from ``start`` on, up to its end or until nobody asks for more.

    Ranges of ``CHUNK`` up to ``stop``, smaller ones beyond it: there mostly the rest of one line is wanted.
    Calls: s3:GetObjectVersion.
    """
    at = 0
    for piece in source.pieces:
        begin = min(max(start - at, 0), piece.length)
        edge = piece.bytes if stop is None else min(max(stop - at, begin), piece.bytes)
        named = (piece.bucket, piece.key, piece.version_id)
        yield from objects.read_chunks(*named, edge, start=begin, chunk=CHUNK)
        yield from objects.read_chunks(*named, piece.bytes, start=edge)
        if piece.line_end and begin < piece.length:
            yield b"\n"
        at += piece.length


def read_range(source: Source, one: Range) -> Iterator[bytes]:
    """Yield the bytes that tell the lines beginning in a range: from the byte before it on."""
    return read_source(source, start=max(one.start - 1, 0), stop=one.stop)


def describe(sharding: Sharding, name: str, value: msgspec.Struct) -> ObjectRef:
    """Keep ``value`` for the shards to read. Calls: s3:PutObject."""
    bucket, key = sharding.plan.artifacts_bucket, sharding.key(name)
    objects.write(bucket, key, msgspec.json.encode(value), _JSON)
    return ObjectRef(bucket=bucket, key=key)


def described(where: ObjectRef, shape: type[Shape]) -> Shape:
    """Return what ``describe`` kept. Calls: s3:GetObject."""
    return msgspec.json.decode(objects.read(where.bucket, where.key), type=shape)


def list_items(sharding: Sharding, name: str, ranges: list[Range], where: ObjectRef) -> ObjectRef:
    """Write the item list that the Distributed Map reads: a JSON array. Calls: s3:PutObject."""
    items = [Item(range=one, described=where) for one in ranges]
    bucket, key = sharding.plan.artifacts_bucket, sharding.key(name)
    objects.write(bucket, key, msgspec.json.encode(items), _JSON)
    return ObjectRef(bucket=bucket, key=key)
