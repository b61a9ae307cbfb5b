"""Lambda entry of ``promote_model``: {plan, preflight, training, endpoint, evaluation} → Promotion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import Endpoint, Plan, Preflight, Training, read, write
from promote_model.promotion import promote


@function("promote_model")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the pointer before and after; asking twice changes nothing."""
    where = "promote_model"
    promotion = promote(
        plan=read(event["plan"], Plan, where=where),
        preflight=read(event["preflight"], Preflight, where=where),
        training=read(event["training"], Training, where=where),
        endpoint=read(event["endpoint"], Endpoint, where=where),
        environment=Environment(),
        now=datetime.now(UTC),
    )
    return write(promotion)
