"""Joins partials in the order of the file, judges the whole, and begins the uploads of the prepared parts."""

from __future__ import annotations

from collections.abc import Iterator

from finetune_aws import media, multipart, neighbours, objects, results, sources
from finetune_core.contracts import ObjectRef
from finetune_core.partial_codec import from_bytes
from finetune_core.partials import Partial, merge
from finetune_core.preparation import Verdict, words_for
from finetune_core.sharding import Order, Sharding, ShardList, Source, Upload
from finetune_core.split import Side
from finetune_core.unlisted import row_of
from finetune_core.validation import Scanned, judge, unreadable


def merge_shards(described: ObjectRef) -> ShardList:
    """Return where the list of ranges to prepare lies.

    Raises:
        DatasetInvalid: after the reports were written, with the first faults and where they lie.
    """
    sharding = sources.described(described, Sharding)
    plan, preflight = sharding.plan, sharding.preflight
    scanned = [_joined(sharding, source) for source in sharding.sources]
    model, kind = row_of(preflight), preflight.customization_type

    def read(role: str) -> Iterator[bytes]:
        return sources.read_source(sharding.source(role), stop=0)

    media.check(scanned, read, plan, model, kind)
    near = neighbours.check(scanned, read, plan, model, kind)
    report = judge(scanned, model, kind)
    names = {
        str(source.role): words_for([piece.key for piece in source.pieces]) for source in sharding.sources
    }
    verdict = results.decide(
        plan, preflight, scanned, report, names=names, read=lambda: read("train"), near=near
    )
    order = Order(sharding=sharding, verdict=verdict, uploads=_uploads(sharding, verdict))
    where = sources.describe(sharding, "order.json", order)
    ranges = order.ranges()
    items = sources.list_items(sharding, "prepare.json", ranges, where)
    return ShardList(items=items, described=where, shards=len(ranges))


def _joined(sharding: Sharding, source: Source) -> Scanned:
    """Return a source as if one process had scanned it."""
    if source.sniffed.code:
        return Scanned(source.role, source.sniffed, unreadable(source.sniffed, sharding.spec(source.role)))
    return Scanned(source.role, source.sniffed, merge(_partials(sharding, source)))


def _partials(sharding: Sharding, source: Source) -> Iterator[Partial]:
    for one in sharding.of_role(source.role):
        yield from_bytes(objects.read(sharding.plan.artifacts_bucket, sharding.partial_key(one)))


def _uploads(sharding: Sharding, verdict: Verdict) -> dict[Side, Upload]:
    plan = sharding.plan
    sides: list[Side] = ["train"]
    if verdict.split.validation or verdict.sources.validation == "validation":
        sides.append("validation")
    return {side: multipart.begin(plan.data_bucket, f"prepared/{plan.run_id}/{side}.jsonl") for side in sides}
