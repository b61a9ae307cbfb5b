"""Lambda entry of ``swap_model``: {plan, preflight, training} → Endpoint; called again until it is ready."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, Training, read, write
from swap_model.swap import swapped


@function("swap_model")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the champion's endpoint as it is now; the machine judges its status."""
    where = "swap_model"
    read(event["plan"], Plan, where=where)
    preflight = read(event["preflight"], Preflight, where=where)
    training = read(event["training"], Training, where=where)
    return write(swapped(preflight.rollout, training.model_arn))
