"""Lambda entry of ``join_parts``: {plan, order} → Validation."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import read, write
from finetune_core.sharding import ShardList
from join_parts.joining import join_parts


@function("join_parts")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Complete the prepared files; answers as ``validate_dataset`` does."""
    order = read(event["order"], ShardList, where="join_parts: order")
    return write(join_parts(order.described))
