"""Lambda entry of ``take_turn``: {plan, queue, places, lease_seconds} → Turn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, read, write
from take_turn.turns import Turns


@function("take_turn")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Ask once for a place; asking again is safe, and how a waiting run hears of its turn."""
    turns = Turns(
        plan=read(event["plan"], Plan, where="take_turn: plan"),
        ledger=Ledger(Environment().ledger_table),
        lease_seconds=float(event["lease_seconds"]),
        now=datetime.now(UTC),
    )
    return write(turns.take(event["queue"], int(event["places"])))
