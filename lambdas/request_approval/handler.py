"""Lambda entry of ``request_approval``: plan, three results, {question, seconds, token} → {}."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.notices import publish
from finetune_aws.telemetry import function
from finetune_core.approvals import Question, message, subject
from finetune_core.contracts import Plan, Preflight, Validation, read
from finetune_core.costs import Price
from request_approval.linking import signed_link


@function("request_approval")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Ask people; the state waits until SendTaskSuccess brings their answer with the stored token."""
    where = "request_approval"
    plan = read(event["plan"], Plan, where=where)
    preflight = read(event["preflight"], Preflight, where=where)
    validation = read(event["validation"], Validation, where=where)
    price = read(event["price"], Price, where=where)
    environment = Environment()
    question: Question = event.get("question", "run")
    token, seconds = event["token"], int(event["seconds"])
    link = signed_link(environment, plan.run_id, question, token=token, seconds=seconds)
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    Ledger(environment.ledger_table).update_run(plan.run_id, {"task_token": token, "answer_by": until})
    text = message(plan, preflight, validation, price, seconds=seconds, question=question, link=link)
    publish(environment.notices_topic, subject(environment.name, plan, price, question=question), text)
    return {}
