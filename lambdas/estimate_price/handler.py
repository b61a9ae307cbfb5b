"""Lambda entry of ``estimate_price``: {plan, preflight, validation} → Price."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from estimate_price.pricing import Pricing
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, Validation, read, write


@function("estimate_price")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the run's price range, its month, and what differs from the run before; raises OverBudget."""
    where = "estimate_price"
    environment = Environment()
    pricing = Pricing(
        plan=read(event["plan"], Plan, where=where),
        preflight=read(event["preflight"], Preflight, where=where),
        validation=read(event["validation"], Validation, where=where),
        ledger=Ledger(environment.ledger_table),
        region=environment.region,
        now=datetime.now(UTC),
    )
    return write(pricing.price())
