"""Lambda entry of ``plan_shards``: {plan, preflight, shard_bytes} → ShardList."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, read, write
from plan_shards.planning import plan_shards


@function("plan_shards")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return where the list of byte ranges lies that the Distributed Map reads."""
    plan = read(event["plan"], Plan, where="plan_shards: plan")
    preflight = read(event["preflight"], Preflight, where="plan_shards: preflight")
    return write(plan_shards(plan, preflight, int(event["shard_bytes"])))
