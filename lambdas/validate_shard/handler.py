"""Lambda entry of ``validate_shard``: {range, described} → {number}; the finding goes to S3."""

from __future__ import annotations

from typing import Any

from finetune_aws import objects, sources
from finetune_aws.telemetry import function
from finetune_core.contracts import read
from finetune_core.partial_codec import to_bytes
from finetune_core.sharding import Item, Sharding
from finetune_core.validation import scan_range


@function("validate_shard")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Scan one range and keep what was found; the answer is small however much that is."""
    item = read(event, Item, where="validate_shard: item")
    one = item.range
    sharding = sources.described(item.described, Sharding)
    chunks = sources.read_range(sharding.source(one.role), one)
    found = scan_range(chunks, sharding.spec(one.role), one.start, one.stop)
    key = sharding.partial_key(one)
    objects.write(sharding.plan.artifacts_bucket, key, to_bytes(found), "application/octet-stream")
    return {"number": one.number}
