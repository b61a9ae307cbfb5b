"""Lambda entry of ``check_model``: {plan} → Preflight."""

from __future__ import annotations

from typing import Any

from check_model.preflight import check
from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, read, write


@function("check_model")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return how the run will be trained and served; raises ModelNotTunable, QuotaTooLow."""
    plan = read(event["plan"], Plan, where="check_model: plan")
    return write(check(plan, Environment()))
