"""Lambda entry of ``deploy_model``: {plan, training} → Endpoint; called again and again until it is ready."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from deploy_model.deployment import deployed
from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Training, read, write


@function("deploy_model")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the deployment as it is now; the machine judges its status."""
    plan = read(event["plan"], Plan, where="deploy_model: plan")
    training = read(event["training"], Training, where="deploy_model: training")
    return write(deployed(plan, training, Environment().name, datetime.now(UTC)))
