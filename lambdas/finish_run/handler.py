"""Lambda entry of ``finish_run``: {event, plan, failure, execution_arn, outcome, message, …} → Outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.finishing import finish
from finetune_aws.telemetry import function
from finetune_core.contracts import Outcome, write
from finish_run.ending import ending_of


@function("finish_run")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Write the run's end; a run that was refused before it had an id gets one here."""
    environment = Environment()
    report = finish(ending_of(event, environment.name), environment, datetime.now(UTC))
    return write(Outcome(report=report))
