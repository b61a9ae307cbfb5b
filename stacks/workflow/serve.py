"""Serving: Provisioned Throughput or an on-demand deployment, polled until it answers.

Bedrock sends no event for either and botocore has no waiter, so the machine polls (read 2026-11-23).
"""

from __future__ import annotations

from stacks.workflow.states import (
    BEDROCK_TRANSIENT,
    Resources,
    State,
    States,
    call_function,
    catch_failure,
    expression,
    failure,
    quota_retry,
    record_phase,
    retry,
    tags,
)
from stacks.workflow.swap import IN_PLACE, swap_states

PHASE = "serve"


def serve_states(
    resources: Resources, *, poll_seconds: int, timeout_seconds: int, concurrency: int
) -> States:
    """Give the states from the trained model to an endpoint that has answered one real request."""
    return {
        "Record serving": record_phase(
            resources,
            PHASE,
            following="How is the model served",
            results=("training",),
            attributes={"model_arn": "$training.model_arn"},
        ),
        "How is the model served": _route(),
        **_provisioned(resources, poll_seconds, timeout_seconds),
        **_on_demand(resources, poll_seconds, timeout_seconds),
        **swap_states(
            resources,
            phase=PHASE,
            concurrency=concurrency,
            poll_seconds=poll_seconds,
            record=_record_endpoint(resources, "Is the swap done"),
            ready=_ready(("InService", "Active"), "Wait for swap", timeout_seconds // poll_seconds),
        ),
        "Test endpoint": call_function(
            resources.functions["test_endpoint"],
            {name: f"${name}" for name in ("plan", "endpoint", "validation", "preflight")},
            phase=PHASE,
            result="smoke_test",
            following="Record evaluation",
            seconds=300,
        ),
    }


def _route() -> State:
    # Known before the endpoint is asked for: a retry after a lost answer must send the very same request.
    started: State = {
        "polls": 0,
        "expires": expression("$fromMillis($millis() + $plan.settings.time_to_live_hours * 3600000)"),
    }
    return {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": expression(IN_PLACE),
                "Assign": started,
                "Next": "Are there prompts for the champion",
            },
            {
                "Condition": expression("$preflight.serving = 'provisioned_throughput'"),
                "Assign": started,
                "Next": "Create provisioned throughput",
            },
            {
                "Condition": expression("$preflight.serving = 'on_demand'"),
                "Assign": started,
                "Next": "Deploy model",
            },
        ],
        "Assign": {"endpoint": {"kind": "none", "arn": "", "status": "None", "failure": ""}},
        "Default": "Record evaluation",
    }


def _provisioned(resources: Resources, poll_seconds: int, timeout_seconds: int) -> States:
    create = f"""$merge([{{
        'ProvisionedModelName': $plan.names.endpoint,
        'ModelId': $training.model_arn,
        'ModelUnits': $plan.settings.model_units,
        'ClientRequestToken': $plan.token,
        'Tags': $append({tags(resources)}, [{{'Key': 'finetune:expires', 'Value':
            $expires}}])
    }}, $type($plan.settings.commitment) = 'string'
        ? {{'CommitmentDuration': $plan.settings.commitment}} : {{}}])"""
    return {
        "Create provisioned throughput": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:createProvisionedModelThroughput",
            "Arguments": expression(create),
            "TimeoutSeconds": 120,
            "Retry": [retry(BEDROCK_TRANSIENT), quota_retry()],
            "Catch": catch_failure(PHASE),
            "Assign": {
                "endpoint": {
                    "kind": "provisioned_throughput",
                    "arn": expression("$states.result.ProvisionedModelArn"),
                    "status": "Creating",
                    "failure": "",
                }
            },
            "Next": "Record provisioned throughput",
        },
        "Record provisioned throughput": _record_endpoint(resources, "Get provisioned throughput"),
        "Wait for provisioned throughput": {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"polls": expression("$polls + 1")},
            "Next": "Get provisioned throughput",
        },
        "Get provisioned throughput": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:getProvisionedModelThroughput",
            "Arguments": {"ProvisionedModelId": expression("$endpoint.arn")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            "Catch": catch_failure(PHASE),
            "Assign": {
                "endpoint": expression(
                    "$merge([$endpoint, {'status': $states.result.Status, 'failure':"
                    " $exists($states.result.FailureMessage) ? $states.result.FailureMessage : ''}])"
                )
            },
            "Next": "Is provisioned throughput ready",
        },
        "Is provisioned throughput ready": _ready(
            ("InService",), "Wait for provisioned throughput", timeout_seconds // poll_seconds
        ),
    }


def _on_demand(resources: Resources, poll_seconds: int, timeout_seconds: int) -> States:
    return {
        "Deploy model": call_function(
            resources.functions["deploy_model"],
            {"plan": "$plan", "training": "$training"},
            phase=PHASE,
            result="endpoint",
            following="Is the deployment recorded",
            seconds=120,
        ),
        "Is the deployment recorded": {
            "Type": "Choice",
            "Choices": [{"Condition": expression("$polls = 0"), "Next": "Record deployment"}],
            "Default": "Is the deployment ready",
        },
        "Record deployment": _record_endpoint(resources, "Is the deployment ready"),
        "Is the deployment ready": _ready(
            ("Active",), "Wait for deployment", timeout_seconds // poll_seconds
        ),
        "Wait for deployment": {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"polls": expression("$polls + 1")},
            "Next": "Deploy model",
        },
    }


def _record_endpoint(resources: Resources, following: str) -> State:
    """Write the endpoint down as soon as it exists: the guardian and `close_run` find it there."""
    return record_phase(
        resources,
        PHASE,
        following=following,
        results=("endpoint",),
        attributes={"endpoint_arn": "$endpoint.arn", "endpoint_kind": "$endpoint.kind"},
    )


def _ready(statuses: tuple[str, ...], waiting: str, polls: int) -> State:
    told = "$endpoint.failure ? $endpoint.failure : 'the service gave no reason'"
    late = f"'the endpoint was still ' & $endpoint.status & ' after {polls} polls'"
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": expression(f"$endpoint.status in {list(statuses)}"), "Next": "Test endpoint"},
            {
                "Condition": expression("$endpoint.status = 'Failed'"),
                "Assign": failure(PHASE, "'ServingFailed'", told),
                "Next": "Clean up",
            },
            {
                "Condition": expression(f"$polls >= {polls}"),
                "Assign": failure(PHASE, "'ServingFailed'", late),
                "Next": "Clean up",
            },
        ],
        "Default": waiting,
    }
