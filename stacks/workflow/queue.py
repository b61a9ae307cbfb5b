"""Queues: a run asks for its dataset, and later for a job's place, until it is its turn.

Pauses grow from a minute to a quarter of an hour, so that a week of waiting stays far below the 25,000
events that an execution's history may have (Step Functions quotas, read 2026-11-23).
"""

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
from stacks.workflow.timing import Timing

_WHY = "'run ' & $turn.superseded_by & ' has newer data of ' & $plan.dataset & '; this one still waited'"


def dataset_queue_states(resources: Resources, timing: Timing, *, following: str) -> States:
    """Give the states that wait until no other run of the dataset is at work."""
    return _turns(
        resources,
        timing,
        queue="dataset",
        places=1,
        names=("Ask for dataset", "Is the dataset free", "Wait for dataset"),
        following=following,
    )


def job_queue_states(resources: Resources, timing: Timing, *, following: str) -> States:
    """Give the states that wait until the account has room for one more customization job."""
    return _turns(
        resources,
        timing,
        queue="jobs",
        places=timing.scheduled_jobs,
        names=("Ask for job place", "Is a job place free", "Wait for job place"),
        following=following,
    )


def leave_job_queue(resources: Resources, *, following: str) -> States:
    """Give the state that frees the job's place as soon as the job has ended.

    A place that could not be freed here is freed by the end of the run, and by the next who asks after it.
    """
    return {
        "Leave job queue": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:updateItem",
            "Arguments": {
                "TableName": resources.ledger_table,
                "Key": {"pk": {"S": "queue#jobs"}, "sk": {"S": "queue"}},
                "UpdateExpression": "REMOVE #holders.#run ADD #revision :one",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {
                    "#holders": "holders",
                    "#revision": "revision",
                    "#run": expression("$plan.run_id"),
                },
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            },
            "TimeoutSeconds": 60,
            "Retry": [retry(DYNAMODB_TRANSIENT)],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": following}],
            "Next": following,
        }
    }


def _turns(
    resources: Resources,
    timing: Timing,
    *,
    queue: str,
    places: int,
    names: tuple[str, str, str],
    following: str,
) -> States:
    ask, decide, wait = names
    phase = "intake" if queue == "dataset" else "queue"
    return {
        ask: _ask(
            resources.functions["take_turn"],
            {"queue": queue, "places": places, "lease_seconds": timing.machine},
            phase=phase,
            following=decide,
        ),
        decide: {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$turn.state = 'granted'"),
                    "Assign": {"turns": 0},
                    "Next": following,
                },
                {
                    "Condition": expression("$turn.state = 'superseded'"),
                    "Assign": failure(phase, "'Superseded'", _WHY),
                    "Next": "Clean up",
                },
            ],
            "Default": wait,
        },
        wait: _wait(timing, ask),
    }


def _ask(arn: str, question: State, *, phase: str, following: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": {"plan": expression("$plan"), **question}},
        "TimeoutSeconds": 120,
        "Retry": [retry(LAMBDA_TRANSIENT, attempts=8)],
        "Catch": catch_failure(phase),
        "Assign": {"turn": expression("$states.result.Payload")},
        "Next": following,
    }


def _wait(timing: Timing, following: str) -> State:
    longest = 15 * timing.poll
    pause = f"$min([{longest}, {timing.poll} * $power(2, $min([$turns, 5]))])"
    return {
        "Type": "Wait",
        "Seconds": expression(f"$ceil({pause} * (0.5 + $random() / 2))"),
        "Assign": {"turns": expression("$turns + 1")},
        "Next": following,
    }
