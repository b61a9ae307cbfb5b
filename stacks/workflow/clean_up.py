"""Clean up: after every failure of a claimed run, take down what it created, report it, end FAILED."""

from __future__ import annotations

from stacks.workflow.promote import report_state
from stacks.workflow.states import LAMBDA_TRANSIENT, Resources, State, States, expression, retry


def clean_up_states(resources: Resources) -> States:
    """Give the states of the failure path.

    Where a state of it fails itself, the run ends with all that is known as cause, and `close_run`, which the
    end of the execution calls, goes on from there under a role of its own.
    """
    return {
        "Clean up": _clean_up(resources.functions["clean_up"]),
        # A promotion whose answer was lost is one all the same: its model is in use.
        "Was the model promoted": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$cleaned.outcome = 'Promoted'"), "Next": "Report promotion"}
            ],
            "Default": "Report failure",
        },
        "Report failure": report_state(
            resources.functions["finish_run"], outcome=_OUTCOME, message=_MESSAGE, following="Run failed"
        ),
        "Run failed": {"Type": "Fail", "Error": expression(_OUTCOME), "Cause": expression(_MESSAGE)},
        "Run not cleaned up": {
            "Type": "Fail",
            "Error": "CleanUpFailed",
            "Cause": expression("$string({'failure': $failure, 'unfinished': $unfinished})"),
        },
        "Run unreported": {
            "Type": "Fail",
            "Error": "ReportFailed",
            "Cause": expression(
                "$string({'failure': $failure, 'cleaned': $cleaned, 'unfinished': $unfinished})"
            ),
        },
    }


_OUTCOME = "$cleaned ? $cleaned.outcome : $failure.error.Error"
_MESSAGE = "$cleaned ? $cleaned.message : $failure.error.Cause"


def _clean_up(arn: str) -> State:
    payload = {
        "plan": expression("$plan"),
        "phase": expression("$failure.phase"),
        "error": expression("$failure.error"),
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": 960,
        "Retry": [retry(LAMBDA_TRANSIENT, attempts=8, limit=120)],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"unfinished": expression("$states.errorOutput")},
                "Next": "Run not cleaned up",
            }
        ],
        "Assign": {"cleaned": expression("$states.result.Payload")},
        "Next": "Was the model promoted",
    }
