"""Lambda entry of ``estimate_price``: {plan, preflight, validation} → Price."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.budget import price_run
from finetune_core.contracts import Plan, Preflight, Validation, read, write


@function("estimate_price")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the run's price range; raises OverBudget."""
    where = "estimate_price"
    plan = read(event["plan"], Plan, where=where)
    preflight = read(event["preflight"], Preflight, where=where)
    return write(price_run(plan.settings, preflight, read(event["validation"], Validation, where=where)))
