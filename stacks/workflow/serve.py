"""Serving: Provisioned Throughput or an on-demand deployment, polled until it answers.

Bedrock sends no event for either and botocore has no waiter, so the machine polls (read 2026-11-23).
"""

from __future__ import annotations

from stacks.workflow.states import (
    Resources,
    State,
    States,
    call_function,
    expression,
    quota_retry,
    record_phase,
)
from stacks.workflow.swap import IN_PLACE, swap_states
from stacks.workflow.throughput import Polling, ready_state, record_endpoint, throughput_states

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
            record=record_endpoint(resources, PHASE, "Is the swap done"),
            ready=ready_state(
                _polling(("InService", "Active"), "Wait for swap", timeout_seconds // poll_seconds)
            ),
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
    return throughput_states(
        resources,
        _polling(("InService",), "Wait for provisioned throughput", timeout_seconds // poll_seconds),
        names=(
            "Create provisioned throughput",
            "Record provisioned throughput",
            "Wait for provisioned throughput",
            "Get provisioned throughput",
            "Is provisioned throughput ready",
        ),
        request="{'ProvisionedModelName': $plan.names.endpoint, 'ClientRequestToken': $plan.token}",
        endpoint={},
        poll_seconds=poll_seconds,
    )


def _polling(statuses: tuple[str, ...], waiting: str, polls: int) -> Polling:
    return Polling(phase=PHASE, statuses=statuses, waiting=waiting, following="Test endpoint", polls=polls)


def _on_demand(resources: Resources, poll_seconds: int, timeout_seconds: int) -> States:
    return {
        "Deploy model": call_function(
            resources.functions["deploy_model"],
            {"plan": "$plan", "training": "$training"},
            phase=PHASE,
            result="endpoint",
            following="Is the deployment recorded",
            seconds=120,
            retries=(quota_retry("QuotaTooLow"),),
        ),
        "Is the deployment recorded": {
            "Type": "Choice",
            "Choices": [{"Condition": expression("$polls = 0"), "Next": "Record deployment"}],
            "Default": "Is the deployment ready",
        },
        "Record deployment": record_endpoint(resources, PHASE, "Is the deployment ready"),
        "Is the deployment ready": ready_state(
            _polling(("Active",), "Wait for deployment", timeout_seconds // poll_seconds)
        ),
        "Wait for deployment": {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"polls": expression("$polls + 1")},
            "Next": "Deploy model",
        },
    }
