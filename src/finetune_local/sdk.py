"""AWS API calls the way Step Functions makes them.

Arguments and results carry the member names of the AWS SDK for Java (`jobArn` is `JobArn`), errors are
`<Service>.<Name>Exception`; see https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
(read 2026-11-23). Errors that a service's model does not name, AccessDenied of most services among them,
come as the service's general exception: `Ssm.SsmException`, `Lambda.AWSLambdaException`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from finetune_local.hooks.states import TaskError, member_key
from finetune_local.values import Json, Untyped, Value

_CLIENTS = {
    "bedrockruntime": "bedrock-runtime",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "servicequotas": "service-quotas",
    "sfn": "stepfunctions",
    "states": "stepfunctions",
}
"""Service in a Resource ARN → boto3's name, where they differ."""

_PREFIXES = {
    "bedrockruntime": "BedrockRuntime",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "servicequotas": "ServiceQuotas",
}
"""Service in an `aws-sdk` Resource ARN → prefix of its errors, where it is not just capitalized."""

_OPTIMIZED = {
    "bedrock": ("Bedrock", "BedrockException", "CreateModelCustomizationJob"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBException", "GetItem PutItem UpdateItem DeleteItem"),
    "events": ("EventBridge", "EventBridgeException", "PutEvents"),
    "lambda": ("Lambda", "AWSLambdaException", "Invoke"),
    "sns": ("SNS", "AmazonSNSException", "Publish"),
    "sqs": ("SQS", "AmazonSQSException", "SendMessage"),
    "states": ("StepFunctions", "AWSStepFunctionsException", "StartExecution"),
}
"""Service of an optimized integration → prefix of its errors, its general exception, its actions."""

_TEXT_FROM_OBJECT = {"Message", "MessageBody", "Detail", "Input", "Payload", "Body"}
"""Text members into which optimized integrations turn a JSON object."""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """A service call named by a Task state's Resource."""

    service: str
    operation: str
    """In PascalCase."""
    optimized: bool
    pattern: str
    """"" (request and response), "sync" or "waitForTaskToken"."""

    @classmethod
    def parse(cls, resource: str) -> Integration:
        """Read `arn:aws:states:::<service>:<action>[.<pattern>]` or `…:::aws-sdk:<service>:<action>`."""
        parts = resource.split(":")
        optimized = len(parts) > 5 and parts[5] != "aws-sdk"
        if parts[:5] != ["arn", "aws", "states", "", ""] or len(parts) < (7 if optimized else 8):
            raise TaskError("States.Runtime", f"{resource} is not a service integration")
        service = (parts[5] if optimized else parts[6]).lower()
        action, _, pattern = (parts[6] if optimized else parts[7]).partition(".")
        operation = action[:1].upper() + action[1:]
        if optimized and operation not in _OPTIMIZED.get(service, ("", "", ""))[2].split():
            raise TaskError("States.Runtime", f"the local cloud offers no integration {resource}")
        return cls(service=service, operation=operation, optimized=optimized, pattern=pattern)

    @property
    def client(self) -> str:
        """The service's name in boto3."""
        return _CLIENTS.get(self.service, self.service)

    @property
    def errors(self) -> tuple[str, str]:
        """Prefix of the service's errors and the name of its general exception."""
        if self.optimized:
            return _OPTIMIZED[self.service][:2]
        prefix = _PREFIXES.get(self.service, self.service.capitalize())
        return prefix, f"{prefix}Exception"


def call(client: Untyped, integration: Integration, arguments: Value) -> Json:
    """Make the call with `client` and return its result; raise TaskError for whatever goes wrong."""
    model = client.meta.service_model
    if integration.operation not in model.operation_names:
        raise TaskError("States.Runtime", f"{integration.service} has no action {integration.operation}")
    operation = model.operation_model(integration.operation)
    parameters = _to_api(arguments, operation.input_shape, integration, "Arguments")
    try:
        answer = getattr(client, xform_name(integration.operation))(**parameters)
    except ClientError as error:
        raise _task_error(error, model, integration) from error
    except BotoCoreError as error:
        raise TaskError(f"{integration.errors[0]}.SdkClientException", str(error)) from error
    answer.pop("ResponseMetadata", None)
    result: Json = _to_states(answer, operation.output_shape, integration) if operation.output_shape else {}
    return result


def _task_error(error: ClientError, model: Untyped, integration: Integration) -> Exception:
    prefix, general = integration.errors
    code = error.response["Error"].get("Code", "Unknown")
    status = error.response["ResponseMetadata"].get("HTTPStatusCode")
    shape = model.shape_for_error_code(code)
    name = _exception_name(shape.name) if shape is not None else general
    told = "" if shape is not None else f"Error Code: {code}; "
    cause = f"{error.response['Error'].get('Message', '')} ({told}Service: {prefix}, Status Code: {status})"
    return TaskError(f"{prefix}.{name}", cause)


def _exception_name(shape: str) -> str:
    return shape if shape.endswith("Exception") else f"{shape.removesuffix('Fault')}Exception"


def _names(shape: Untyped, integration: Integration) -> dict[str, str]:
    """Return the names under which a structure's members are written in a state machine."""
    if integration.optimized and integration.service == "dynamodb":
        return {name: name for name in shape.members}
    renamed = {"NULL": "Nul"} if shape.name == "AttributeValue" else {}
    return {renamed.get(name) or member_key(name): name for name in shape.members}


def _to_api(value: Value, shape: Untyped, integration: Integration, path: str) -> Value:
    kind = shape.type_name if shape is not None else "structure"
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        return _structure_to_api(value, shape, integration, path)
    if kind == "list" and isinstance(value, list):
        return [_to_api(item, shape.member, integration, f"{path}[]") for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _to_api(item, shape.value, integration, f"{path}.{key}") for key, item in value.items()}
    if kind in ("integer", "long") and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind in ("string", "blob"):
        return _text_to_api(value, kind, integration, path)
    if kind in ("list", "map") or isinstance(value, (dict, list)):
        raise TaskError("States.Runtime", f"{path} of {integration.operation} must be a {kind}")
    return value


def _structure_to_api(value: Value, shape: Untyped, integration: Integration, path: str) -> Json:
    if not isinstance(value, dict):
        raise TaskError("States.Runtime", f"{path} of {integration.operation} must be an object")
    names = _names(shape, integration) if shape is not None else {}
    if unknown := sorted(set(value) - set(names)):
        known = ", ".join(sorted(names))
        raise TaskError(
            "States.Runtime",
            f"{path}.{unknown[0]} is not supported by {integration.operation}; it has {known}",
        )
    return {
        names[key]: _to_api(item, shape.members[names[key]], integration, f"{path}.{key}")
        for key, item in value.items()
        if item is not None
    }


def _text_to_api(value: Value, kind: str, integration: Integration, path: str) -> Value:
    if not isinstance(value, str):
        if not (integration.optimized and path.rpartition(".")[2] in _TEXT_FROM_OBJECT):
            raise TaskError("States.Runtime", f"{path} of {integration.operation} must be a string")
        value = json.dumps(value)
    return value.encode() if kind == "blob" else value


def _to_states(value: Value, shape: Untyped, integration: Integration) -> Value:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {name: key for key, name in _names(shape, integration).items()}
        return {
            names.get(name, name): _to_states(item, shape.members[name], integration)
            for name, item in value.items()
            if name in shape.members
        }
    if kind == "list":
        return [_to_states(item, shape.member, integration) for item in value]
    if kind == "map":
        return {key: _to_states(item, shape.value, integration) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind == "blob":
        return _blob_text(value)
    return value


def _blob_text(value: Value) -> Value:
    content = value.read() if hasattr(value, "read") else value
    return content.decode() if isinstance(content, bytes) else content
