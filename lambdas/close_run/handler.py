"""Lambda entry of ``close_run``: an EventBridge "Step Functions Execution Status Change" event → {closed}."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from close_run.closing import close
from finetune_aws.environment import Environment
from finetune_aws.telemetry import function

RESERVE_SECONDS: Final = 60.0


@function("close_run")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Clean up after the execution's runs that are still RUNNING, and report them."""
    detail = event["detail"]
    closed = close(
        execution_arn=detail["executionArn"],
        status=detail["status"],
        cause=detail.get("cause") or "",
        environment=Environment(),
        seconds=context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS,
        now=datetime.now(UTC),
    )
    return {"closed": closed}
