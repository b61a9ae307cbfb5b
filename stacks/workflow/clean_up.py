"""Clean up: after every failure of a claimed run, take down what it created, report it, end FAILED."""

from __future__ import annotations

from stacks.workflow.promote import report_state
from stacks.workflow.states import LAMBDA_TRANSIENT, Resources, State, States, expression, retry


def clean_up_states(resources: Resources) -> States:
    """Give the states of the failure path."""
    return {
        "Clean up": _clean_up(resources.functions["clean_up"]),
        "Report failure": report_state(
            resources.functions["finish_run"],
            outcome="$cleaned ? $cleaned.outcome : $failure.error.Error",
            message="$cleaned ? $cleaned.message : $failure.error.Cause",
            following="Run failed",
        ),
        "Run failed": {
            "Type": "Fail",
            "Error": expression("$cleaned ? $cleaned.outcome : $failure.error.Error"),
            "Cause": expression("$cleaned ? $cleaned.message : $failure.error.Cause"),
        },
        "Run unreported": {
            "Type": "Fail",
            "Error": "ReportFailed",
            "Cause": expression("$string($unreported)"),
        },
    }


def _clean_up(arn: str) -> State:
    payload = {
        "plan": expression("$plan"),
        "phase": expression("$failure.phase"),
        "error": expression("$failure.error"),
    }
    lost: State = {
        "outcome": expression("$failure.error.Error"),
        "message": expression(
            """($contains($failure.error.Cause, /^\\{.*"errorMessage"/)
                ? $parse($failure.error.Cause).errorMessage : $failure.error.Cause)
                & ' Clean up failed as well (' & $states.errorOutput.Error
                & '): the guardian deletes what is left.'"""
        ),
        "deleted": [],
        "kept": [],
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": 960,
        "Retry": [retry(LAMBDA_TRANSIENT, attempts=8, limit=120)],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"cleaned": lost}, "Next": "Report failure"}],
        "Assign": {"cleaned": expression("$states.result.Payload")},
        "Next": "Report failure",
    }
