"""Builders of Amazon States Language states in JSONata, shared by all phases.

Each builder returns the state as plain data; nothing here knows the CDK. Retry rules follow
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

State = dict[str, object]
States = dict[str, State]

LAMBDA_TRANSIENT = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Throttled",
    "ServiceUnavailable",
    "Conflict",
)
BEDROCK_TRANSIENT = (
    "Bedrock.ThrottlingException",
    "Bedrock.InternalServerException",
    "Bedrock.ServiceUnavailableException",
    "Bedrock.SdkClientException",
)
DYNAMODB_TRANSIENT = (
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
    "DynamoDB.SdkClientException",
)


QUOTA_EXCEEDED = "Bedrock.ServiceQuotaExceededException"


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the machine touches: ARNs and names, CloudFormation tokens included.

    `functions` maps a function package's name (`resolve_run`) to the ARN to invoke.
    """

    environment: str
    functions: Mapping[str, str]
    ledger_table: str
    bedrock_role_arn: str
    evaluation_role_arn: str
    model_key_arn: str
    artifacts_bucket: str


def expression(code: str) -> str:
    """Wrap JSONata code in the delimiters of a States Language string."""
    return "{% " + " ".join(code.split()) + " %}"


def retry(errors: tuple[str, ...], *, seconds: int = 2, attempts: int = 5, limit: int = 60) -> State:
    """Give a Retry rule with exponential back-off (factor 2), full jitter and a longest pause in seconds."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": limit,
        "JitterStrategy": "FULL",
    }


def quota_retry(error: str = QUOTA_EXCEEDED) -> State:
    """Give the Retry rule for a full quota: others may free it within some hours."""
    return retry((error,), seconds=60, attempts=12, limit=1800)


def catch_failure(phase: str, *, following: str = "Clean up") -> list[State]:
    """Give the Catch that every Task has: note what failed where, then clean up."""
    cause = "$exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''"
    noted = failure(phase, "$states.errorOutput.Error", cause)
    return [{"ErrorEquals": ["States.ALL"], "Assign": noted, "Next": following}]


def failure(phase: str, error: str, cause: str) -> State:
    """Give the Assign block that notes a failure; `error` and `cause` are JSONata code."""
    return {
        "failure": {"phase": phase, "error": {"Error": expression(error), "Cause": expression(cause)}},
    }


def call_function(
    arn: str,
    payload: Mapping[str, str],
    *,
    phase: str,
    result: str,
    following: str,
    seconds: int,
    retries: tuple[State, ...] = (),
) -> State:
    """Invoke a Lambda function and keep its answer in the variable `result`.

    `payload` maps member names to JSONata code; `seconds` is the state's timeout; `retries` are rules beside
    the one for what passes by itself.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": arn,
            "Payload": {name: expression(code) for name, code in payload.items()},
        },
        "TimeoutSeconds": seconds,
        "Retry": [retry(LAMBDA_TRANSIENT), *retries],
        "Catch": catch_failure(phase),
        "Assign": {result: expression("$states.result.Payload")},
        "Next": following,
    }


def record_phase(
    resources: Resources,
    phase: str,
    *,
    following: str,
    results: tuple[str, ...] = (),
    attributes: Mapping[str, str] | None = None,
    failing: str = "",
) -> State:
    """Write into the ledger that the run enters `phase`, with the JSON text of earlier `results`.

    A failure is one of the phase `failing`, if that is another.

    `results` are variables that become attributes of the same name; `attributes` maps further
    attribute names to JSONata code that gives text.
    """
    values = {name: f"$string(${name})" for name in results} | dict(attributes or {})
    updates = ["#phase = :phase", "#phases = list_append(#phases, :entry)", "#updated_at = :now"]
    updates += [f"#{name} = :{name}" for name in values]
    now = expression("$now()")
    typed: dict[str, object] = {":phase": {"S": phase}, ":now": {"S": now}}
    typed[":entry"] = {"L": [{"M": {"phase": {"S": phase}, "at": {"S": now}}}]}
    typed |= {f":{name}": {"S": expression(code)} for name, code in values.items()}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Arguments": {
            "TableName": resources.ledger_table,
            "Key": {"pk": {"S": expression("'run#' & $plan.run_id")}, "sk": {"S": "run"}},
            "UpdateExpression": "SET " + ", ".join(updates),
            "ExpressionAttributeNames": {
                f"#{name}": name for name in ("phase", "phases", "updated_at", *values)
            },
            "ExpressionAttributeValues": typed,
        },
        "TimeoutSeconds": 60,
        "Retry": [retry(DYNAMODB_TRANSIENT)],
        "Catch": catch_failure(failing or phase),
        "Next": following,
    }


def tags(resources: Resources) -> str:
    """Give JSONata code for the tags of every Bedrock resource that a run creates."""
    return (
        f"[{{'Key': 'finetune:pipeline', 'Value': '{resources.environment}'}},"
        " {'Key': 'finetune:run', 'Value': $plan.run_id},"
        " {'Key': 'finetune:dataset', 'Value': $plan.dataset}]"
    )
