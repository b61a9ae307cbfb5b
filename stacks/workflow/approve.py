"""Approval: a person may have to say yes before the run spends money."""

from __future__ import annotations

from stacks.workflow.states import (
    LAMBDA_TRANSIENT,
    Resources,
    States,
    catch_failure,
    expression,
    failure,
    record_phase,
    retry,
)


def approve_states(resources: Resources, *, timeout_seconds: int) -> States:
    """Give the states that ask for approval when the run's settings want it."""
    payload = {name: expression(f"${name}") for name in ("plan", "preflight", "validation", "price")}
    payload["token"] = expression("$states.context.Task.Token")
    late = failure("approve", "'ApprovalTimedOut'", f"'nobody answered within {timeout_seconds} seconds'")
    return {
        "Is approval needed": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(
                        "$plan.settings.approval = 'always' or ($plan.settings.approval = 'above'"
                        " and $price.high > $plan.settings.approve_above_usd)"
                    ),
                    "Next": "Record approval",
                }
            ],
            "Default": "Record training",
        },
        "Record approval": record_phase(
            resources, "approve", following="Request approval", results=("price",)
        ),
        "Request approval": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {"FunctionName": resources.functions["request_approval"], "Payload": payload},
            "TimeoutSeconds": timeout_seconds,
            "Retry": [retry(LAMBDA_TRANSIENT)],
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "Assign": late, "Next": "Clean up"},
                *catch_failure("approve"),
            ],
            "Assign": {"approval": expression("$states.result")},
            "Next": "Record training",
        },
    }
