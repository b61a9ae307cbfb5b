"""A commitment: only for a model that was judged better, and only after a second yes.

The candidate is judged on Provisioned Throughput without commitment, which goes after the verdict: people
may take days to answer, and it is paid by the hour. With their second yes one with the commitment is bought
and tested. Neither term nor units can be changed later, which is why nothing is committed before.
"""

from __future__ import annotations

from stacks.workflow.approve import question_states
from stacks.workflow.states import (
    BEDROCK_TRANSIENT,
    Resources,
    States,
    call_function,
    catch_failure,
    expression,
    failure,
    retry,
)
from stacks.workflow.throughput import Polling, throughput_states

PHASE = "commit"
_WANTED = "$type($plan.settings.commitment) = 'string' and $preflight.serving = 'provisioned_throughput'"
_GONE = "Bedrock.ResourceNotFoundException"
_DENIED = "Bedrock.AccessDeniedException"
_STAYS = (
    "'the machine is not authorized to perform: bedrock:DeleteProvisionedModelThroughput on ' & $endpoint.arn"
)
_MONTHS = "($plan.settings.commitment = 'SixMonths' ? 6 : 1)"
_REQUEST = """{
    'ProvisionedModelName': $plan.names.commitment,
    'ClientRequestToken': $substring($plan.token, 0, 58) & 'commit',
    'CommitmentDuration': $plan.settings.commitment
}"""


def commit_states(
    resources: Resources,
    *,
    approval_seconds: int,
    poll_seconds: int,
    timeout_seconds: int,
    following: str,
) -> States:
    """Give the states from the verdict PROMOTE to the committed endpoint, if one is wanted."""
    started = {
        "polls": 0,
        "expires": expression(f"$fromMillis($millis() + {_MONTHS} * 730 * 3600000)"),
    }
    released = {"endpoint": expression("$merge([$endpoint, {'status': 'Deleted'}])")}
    polling = Polling(
        phase=PHASE,
        statuses=("InService",),
        waiting="Wait for committed throughput",
        following="Test committed endpoint",
        polls=timeout_seconds // poll_seconds,
    )
    return {
        "Is a commitment wanted": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(_WANTED), "Next": "Release judged throughput"}],
            "Default": following,
        },
        "Release judged throughput": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:deleteProvisionedModelThroughput",
            "Arguments": {"ProvisionedModelId": expression("$endpoint.arn")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            "Catch": [
                {"ErrorEquals": [_GONE], "Assign": released, "Next": "Record commitment"},
                {"ErrorEquals": [_DENIED], "Next": "Look for judged throughput"},
                *catch_failure(PHASE),
            ],
            "Assign": released,
            "Next": "Record commitment",
        },
        # The permission to delete asks for a tag, which what is gone has not: a second try is denied.
        "Look for judged throughput": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:getProvisionedModelThroughput",
            "Arguments": {"ProvisionedModelId": expression("$endpoint.arn")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            "Catch": [
                {"ErrorEquals": [_GONE], "Assign": released, "Next": "Record commitment"},
                *catch_failure(PHASE),
            ],
            "Assign": failure(PHASE, f"'{_DENIED}'", _STAYS),
            "Next": "Clean up",
        },
        **question_states(
            resources,
            question="commitment",
            variable="commitment_approval",
            phase=PHASE,
            names=("Record commitment", "Request commitment", "Record second answer", "Is it approved again"),
            timeout_seconds=approval_seconds,
            following="Start commitment",
        ),
        "Start commitment": {
            "Type": "Pass",
            "Assign": started,
            "Next": "Buy committed throughput",
        },
        **throughput_states(
            resources,
            polling,
            names=(
                "Buy committed throughput",
                "Record committed throughput",
                "Wait for committed throughput",
                "Get committed throughput",
                "Is committed throughput ready",
            ),
            request=_REQUEST,
            endpoint={"committed": True},
            poll_seconds=poll_seconds,
        ),
        "Test committed endpoint": call_function(
            resources.functions["test_endpoint"],
            {name: f"${name}" for name in ("plan", "endpoint", "validation", "preflight")},
            phase=PHASE,
            result="smoke_test",
            following=following,
            seconds=300,
        ),
    }
