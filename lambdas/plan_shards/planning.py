"""Looks at the heads and ends of the pinned files and cuts them."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from finetune_aws import objects, sources
from finetune_core.contracts import Plan, Preflight
from finetune_core.inputs import Inputs, PinnedFile
from finetune_core.sharding import Piece, Sharding, ShardList, Source, cut_ranges
from finetune_core.sniff import HEAD, sniff
from finetune_core.validation import ROLES, Role


def plan_shards(plan: Plan, preflight: Preflight, shard_bytes: int) -> ShardList:
    """Return where the list of ranges lies."""
    pinned = preflight.lineage.inputs if preflight.lineage else plan.inputs
    inputs = msgspec.json.decode(objects.read(pinned.bucket, pinned.key), type=Inputs)
    found = tuple(_source(role, inputs.by_role(role)) for role in ROLES if inputs.by_role(role))
    ranges = cut_ranges(found, shard_bytes)
    sharding = Sharding(plan=plan, preflight=preflight, sources=found, ranges=ranges)
    where = sources.describe(sharding, "sharding.json", sharding)
    items = sources.list_items(sharding, "ranges.json", list(ranges), where)
    return ShardList(items=items, described=where, shards=len(ranges))


def _source(role: Role, files: list[PinnedFile]) -> Source:
    """Return the source of a role with what its head shows."""
    followed = {file.key for file, _ in pairwise(files) if not _ends_a_line(file)}
    pieces = tuple(
        Piece(
            bucket=file.bucket,
            key=file.key,
            version_id=file.version_id,
            bytes=file.bytes,
            line_end=file.key in followed,
        )
        for file in files
    )
    source = Source(role=role, pieces=pieces)
    head = bytearray()
    for chunk in sources.read_source(source, stop=0):
        head += chunk
        if len(head) >= HEAD:
            break
    return msgspec.structs.replace(source, sniffed=sniff(bytes(head)))


def _ends_a_line(file: PinnedFile) -> bool:
    last = objects.read_chunks(file.bucket, file.key, file.version_id, file.bytes, start=file.bytes - 1)
    return b"".join(last) == b"\n"
