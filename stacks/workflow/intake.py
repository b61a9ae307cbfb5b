"""Intake: let siblings settle, resolve the run from what was dropped, claim it once."""

from __future__ import annotations

from stacks.workflow.states import (
    DYNAMODB_TRANSIENT,
    LAMBDA_TRANSIENT,
    Resources,
    State,
    States,
    catch_failure,
    expression,
    failure,
    retry,
)

RESULTS = (
    "preflight",
    "validation",
    "price",
    "approval",
    "training",
    "endpoint",
    "evaluation",
    "commitment_approval",
    "promotion",
)


def intake_states(resources: Resources, *, settle_seconds: int) -> States:
    """Give the states from the dropped object to the claimed run."""
    return {
        "Start run": _start(),
        "Is the run file dropped": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$contains($event.detail.object.key, /\\/run\\.json$/)"),
                    "Next": "Resolve run",
                }
            ],
            "Default": "Wait for siblings",
        },
        "Wait for siblings": {
            "Type": "Wait",
            "Seconds": settle_seconds,
            "Assign": {"waited": True},
            "Next": "Resolve run",
        },
        "Resolve run": _resolve(resources.functions["resolve_run"]),
        "Can the run start": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$plan.action = 'wait'"), "Next": "Wait for siblings"},
                {"Condition": expression("$plan.action = 'collect'"), "Next": "Still collecting"},
            ],
            "Default": "Claim run",
        },
        "Claim run": _claim(resources.ledger_table),
        "Is the drop accepted": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$plan.action = 'reject'"),
                    "Assign": failure("intake", "'RunRejected'", "$plan.reason"),
                    "Next": "Clean up",
                }
            ],
            "Default": "Ask for dataset",
        },
        "Still collecting": {
            "Type": "Succeed",
            "Output": {"outcome": "Collecting", "message": expression("$plan.reason")},
        },
        "Already claimed": {"Type": "Succeed", "Output": {"outcome": "Duplicate"}},
    }


def _start() -> State:
    """Name every variable at the top level, so that any later state may read it.

    Null is written as an expression: on its way through the CDK a plain null member vanishes.
    """
    assigned: dict[str, object] = {"event": expression("$states.input")}
    assigned |= {"waited": False, "turns": 0, "answers": []}
    assigned |= dict.fromkeys(
        ("plan", "failure", "cleaned", "unfinished", "champion", "turn", *RESULTS), expression("null")
    )
    return {"Type": "Pass", "Assign": assigned, "Next": "Is the run file dropped"}


def _resolve(arn: str) -> State:
    payload = {
        "event": expression("$event"),
        "execution_arn": expression("$states.context.Execution.Id"),
        "waited": expression("$waited"),
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": 300,
        "Retry": [retry(LAMBDA_TRANSIENT)],
        # Nothing exists yet that could be cleaned up; the drop is still reported.
        "Catch": catch_failure("intake", following="Report failure"),
        "Assign": {"plan": expression("$states.result.Payload")},
        "Next": "Can the run start",
    }


def _claim(table: str) -> State:
    """Claim the run by a conditional write: two events for the same versions are one run.

    The condition lets the same execution claim again, so that a retry after a lost answer goes on.
    """
    now = expression("$now()")
    text = {
        "pk": "'run#' & $plan.run_id",
        "run_id": "$plan.run_id",
        "dataset": "$plan.dataset",
        "execution_arn": "$states.context.Execution.Id",
        "job_name": "$plan.names.job",
        "plan": "$string($plan)",
    }
    item: dict[str, object] = {name: {"S": expression(code)} for name, code in text.items()}
    item |= {name: {"S": value} for name, value in _CLAIMED.items()}
    item |= {"started_at": {"S": now}, "updated_at": {"S": now}}
    item["phases"] = {"L": [{"M": {"phase": {"S": "intake"}, "at": {"S": now}}}]}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Arguments": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR execution_arn = :me",
            "ExpressionAttributeValues": {":me": {"S": expression("$states.context.Execution.Id")}},
        },
        "TimeoutSeconds": 60,
        "Retry": [retry(DYNAMODB_TRANSIENT)],
        "Catch": [
            {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Already claimed"},
            *catch_failure("intake", following="Report failure"),
        ],
        "Next": "Is the drop accepted",
    }


_CLAIMED = {"sk": "run", "kind": "run", "status": "RUNNING", "phase": "intake"}
