"""Lambda entry of ``resolve_run``: {event, execution_arn, waited} → Plan."""

from __future__ import annotations

from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import write
from resolve_run.corpus import SCHEDULED
from resolve_run.intake import resolve


@function("resolve_run")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the plan of the run that the dropped object belongs to; raises RunRejected."""
    dropped = event["event"]["detail"]
    plan = resolve(
        bucket=dropped["bucket"]["name"],
        key=dropped["object"]["key"],
        execution_arn=event["execution_arn"],
        waited=bool(event.get("waited")),
        scheduled=event["event"].get("source") == SCHEDULED,
        environment=Environment(),
    )
    return write(plan)
