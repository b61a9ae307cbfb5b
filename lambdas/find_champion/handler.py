"""Lambda entry of ``find_champion``: {plan, validation, endpoint} → Champion."""

from __future__ import annotations

from typing import Any

from find_champion.finding import find
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.telemetry import function
from finetune_core.contracts import Endpoint, Plan, Validation, read, write


@function("find_champion")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the champion, with an empty ``model_id`` when there is none to be asked."""
    where = "find_champion"
    plan = read(event["plan"], Plan, where=where)
    validation = read(event["validation"], Validation, where=where)
    endpoint = read(event["endpoint"], Endpoint, where=where)
    return write(find(plan, validation.evaluation, endpoint, Ledger(Environment().ledger_table)))
