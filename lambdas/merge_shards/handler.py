"""Lambda entry of ``merge_shards``: {plan, sharding} → ShardList of what is to be prepared."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import read, write
from finetune_core.sharding import ShardList
from merge_shards.merging import merge_shards


@function("merge_shards")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Judge the whole dataset; raises DatasetInvalid as ``validate_dataset`` does."""
    sharding = read(event["sharding"], ShardList, where="merge_shards: sharding")
    return write(merge_shards(sharding.described))
