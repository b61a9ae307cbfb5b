"""Provisioned Throughput: create it, write it down, and ask until it answers.

Bedrock sends no event for it and botocore has no waiter, so the machine polls (read 2026-11-23).
"""

from __future__ import annotations

from dataclasses import dataclass

from stacks.workflow.states import (
    BEDROCK_TRANSIENT,
    Resources,
    State,
    States,
    catch_failure,
    expression,
    failure,
    quota_retry,
    record_phase,
    retry,
    tags,
)


@dataclass(frozen=True, kw_only=True)
class Polling:
    """Where polling goes: the state to wait in, the one to go on with, and how many looks there are."""

    phase: str
    statuses: tuple[str, ...]
    waiting: str
    following: str
    polls: int


def throughput_states(
    resources: Resources,
    polling: Polling,
    *,
    names: tuple[str, str, str, str, str],
    request: str,
    endpoint: State,
    poll_seconds: int,
) -> States:
    """Give the states `names` (create, record, wait, get, decide).

    `request` is JSONata code for what this creation has beside model, units and tags; `endpoint` are members
    of the endpoint beside kind, ARN and status.
    """
    create, record, wait, get, decide = names
    created = {
        "kind": "provisioned_throughput",
        "arn": expression("$states.result.ProvisionedModelArn"),
        "status": "Creating",
        "failure": "",
    }
    read = (
        "$merge([$endpoint, {'status': $states.result.Status, 'failure':"
        " $exists($states.result.FailureMessage) ? $states.result.FailureMessage : ''}])"
    )
    return {
        create: {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:createProvisionedModelThroughput",
            "Arguments": expression(_creation(resources, request)),
            "TimeoutSeconds": 120,
            "Retry": [retry(BEDROCK_TRANSIENT), quota_retry()],
            "Catch": catch_failure(polling.phase),
            "Assign": {"endpoint": created | endpoint},
            "Next": record,
        },
        record: record_endpoint(resources, polling.phase, get),
        wait: {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"polls": expression("$polls + 1")},
            "Next": get,
        },
        get: {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:getProvisionedModelThroughput",
            "Arguments": {"ProvisionedModelId": expression("$endpoint.arn")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            "Catch": catch_failure(polling.phase),
            "Assign": {"endpoint": expression(read)},
            "Next": decide,
        },
        decide: ready_state(polling),
    }


def _creation(resources: Resources, request: str) -> str:
    return f"""$merge([{{
        'ModelId': $training.model_arn,
        'ModelUnits': $plan.settings.model_units,
        'Tags': $append({tags(resources)}, [{{'Key': 'finetune:expires', 'Value': $expires}}])
    }}, {request}])"""


def record_endpoint(resources: Resources, phase: str, following: str) -> State:
    """Write the endpoint down as soon as it exists: the guardian and `close_run` find it there."""
    return record_phase(
        resources,
        phase,
        following=following,
        results=("endpoint",),
        attributes={"endpoint_arn": "$endpoint.arn", "endpoint_kind": "$endpoint.kind"},
    )


def ready_state(polling: Polling) -> State:
    """Give the state that judges an endpoint's status: go on, wait, or end as ServingFailed."""
    told = "$endpoint.failure ? $endpoint.failure : 'the service gave no reason'"
    late = f"'the endpoint was still ' & $endpoint.status & ' after {polling.polls} polls'"
    ready = f"$endpoint.status in {list(polling.statuses)}"
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": expression(ready), "Next": polling.following},
            {
                "Condition": expression("$endpoint.status = 'Failed'"),
                "Assign": failure(polling.phase, "'ServingFailed'", told),
                "Next": "Clean up",
            },
            {
                "Condition": expression(f"$polls >= {polling.polls}"),
                "Assign": failure(polling.phase, "'ServingFailed'", late),
                "Next": "Clean up",
            },
        ],
        "Default": polling.waiting,
    }
