"""Lambda entry of ``request_approval``: {plan, preflight, validation, price, token} → {}; the state waits."""

from __future__ import annotations

from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.notices import publish
from finetune_aws.telemetry import function
from finetune_core.approvals import message, subject
from finetune_core.contracts import Plan, Preflight, Price, Validation, read


@function("request_approval")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Ask people; their answer comes through SendTaskSuccess or SendTaskFailure with the stored token."""
    where = "request_approval"
    plan = read(event["plan"], Plan, where=where)
    preflight = read(event["preflight"], Preflight, where=where)
    validation = read(event["validation"], Validation, where=where)
    price = read(event["price"], Price, where=where)
    environment = Environment()
    Ledger(environment.ledger_table).update_run(plan.run_id, {"task_token": event["token"]})
    text = message(plan, preflight, validation, price)
    publish(environment.notices_topic, subject(environment.name, plan, price), text)
    return {}
