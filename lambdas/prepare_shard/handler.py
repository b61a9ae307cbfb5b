"""Lambda entry of ``prepare_shard``: {range, described} → {number}; the records go to S3."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import read
from finetune_core.sharding import Item
from prepare_shard.preparing import prepare


@function("prepare_shard")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Send the records of one range to the parts that they belong to."""
    item = read(event, Item, where="prepare_shard: item")
    prepare(item.described, item.range)
    return {"number": item.range.number}
