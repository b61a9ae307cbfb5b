"""Promotion: move the stable pointer to the new champion and report the run."""

from __future__ import annotations

from stacks.workflow.intake import RESULTS
from stacks.workflow.states import (
    LAMBDA_TRANSIENT,
    Resources,
    State,
    States,
    call_function,
    expression,
    record_phase,
    retry,
)


def promote_states(resources: Resources) -> States:
    """Give the states from the verdict to the promoted model."""
    promoted = ("plan", "preflight", "training", "endpoint", "evaluation")
    return {
        "Record promotion": record_phase(
            resources, "promote", following="Promote model", results=("evaluation",)
        ),
        "Promote model": call_function(
            resources.functions["promote_model"],
            {name: f"${name}" for name in promoted},
            phase="promote",
            result="promotion",
            following="Report promotion",
            seconds=300,
        ),
        "Report promotion": report_state(
            resources.functions["finish_run"],
            outcome="'Promoted'",
            message="$join($evaluation.reasons, '; ')",
            following="Run promoted",
        ),
        "Run promoted": {
            "Type": "Succeed",
            "Output": {"outcome": "Promoted", "run_id": expression("$plan.run_id")},
        },
    }


def report_state(arn: str, *, outcome: str, message: str, following: str) -> State:
    """Give the state that writes report, ledger and notice; `outcome` and `message` are JSONata code.

    A report that cannot be written ends the run in `Run unreported`; it never undoes a promotion.
    """
    payload = {name: expression(f"${name}") for name in ("event", "plan", "failure", *RESULTS)}
    payload |= {
        "execution_arn": expression("$states.context.Execution.Id"),
        "outcome": expression(outcome),
        "message": expression(message),
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": 300,
        "Retry": [retry(LAMBDA_TRANSIENT)],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"unfinished": expression("$states.errorOutput")},
                "Next": "Run unreported",
            }
        ],
        "Next": following,
    }
