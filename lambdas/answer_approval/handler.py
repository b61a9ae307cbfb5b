"""Lambda entry of ``answer_approval``: a request to the function's URL → an HTML page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from answer_approval.answering import Desk
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.telemetry import function


@function("answer_approval")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Answer one request in payload format 2.0; see `answer_approval.answering`."""
    environment = Environment()
    desk = Desk(ledger=Ledger(environment.ledger_table), key=environment.link_key, now=datetime.now(UTC))
    return desk.respond(event)
