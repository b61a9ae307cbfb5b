"""Joins what the ranges sent: parts that are uploaded already, and small pieces in between."""

from __future__ import annotations

from collections.abc import Iterator

from finetune_aws import multipart, objects, results, sources
from finetune_core.contracts import ObjectRef, Validation
from finetune_core.preparation import Prepared
from finetune_core.sharding import Order
from finetune_core.split import Side, records


def join_parts(described: ObjectRef) -> Validation:
    """Return the same as ``validate_dataset`` does for a smaller dataset."""
    order = sources.described(described, Order)
    plan, record_format = order.sharding.plan, order.verdict.record_format
    uris = {side: multipart.finish(upload, _pieces(order, side)) for side, upload in order.uploads.items()}
    prepared = Prepared(
        train_uri=uris["train"] or "",
        validation_uri=uris.get("validation"),
        evaluation_records=results.write_prompts(plan, records(_held_out(order)), record_format),
    )
    return results.validation_of(plan, order.verdict, prepared)


def _held_out(order: Order) -> Iterator[bytes]:
    """Yield the text of the held-out records: the user's own file, or the pieces that the split left."""
    own = order.verdict.sources.evaluation
    if own in ("evaluation", "validation"):
        return sources.read_source(order.sharding.source(own), stop=0)
    return _pieces(order, "evaluation")


def _pieces(order: Order, side: Side) -> Iterator[bytes]:
    """Yield the pieces of a side in the order of the file."""
    bucket = order.sharding.plan.artifacts_bucket
    for key in sorted(objects.keys(bucket, order.sharding.key(f"{side}/"))):
        yield objects.read(bucket, key)
