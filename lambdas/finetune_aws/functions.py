"""Lambda functions that grade answers: made, found, called and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError
from msgspec import Struct, field

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import AccessDenied, NotFound, RewardInvalid

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import CreateFunctionRequestTypeDef


class Deployed(Struct, frozen=True, kw_only=True):
    """A function as Lambda describes it; ``reason`` says why its state is what it is."""

    arn: str
    name: str
    state: str
    reason: str
    code_sha256: str
    timeout: int
    tags: dict[str, str] = field(default_factory=dict)


def find(name: str) -> Deployed | None:
    """Return a function by name or ARN with its tags, None when there is none.

    Calls: lambda:GetFunction, lambda:ListTags (GetFunction gives tags only to who may list them).
    """
    try:
        with translated("lambda:GetFunction", name):
            answer = _lambda().get_function(FunctionName=name)
    except NotFound:
        return None
    found = answer["Configuration"]
    return Deployed(
        arn=found["FunctionArn"],
        name=found["FunctionName"],
        state=found.get("State", "Active"),
        reason=found.get("StateReason", ""),
        code_sha256=found["CodeSha256"],
        timeout=found["Timeout"],
        tags=answer.get("Tags", {}),
    )


def create(request: CreateFunctionRequestTypeDef) -> None:
    """Create a function. Calls: lambda:CreateFunction, lambda:TagResource, iam:PassRole.

    Raises:
        Conflict: there is one of that name.
    """
    with translated("lambda:CreateFunction", request["FunctionName"]):
        _lambda().create_function(**request)


def delete(name: str) -> None:
    """Delete a function; one that is gone already is fine.

    Calls: lambda:DeleteFunction, lambda:GetFunction. The permission asks for a tag, so that the deletion of
    what an attempt before has deleted is denied, not answered "not found".
    """
    try:
        with translated("lambda:DeleteFunction", name):
            _lambda().delete_function(FunctionName=name)
    except (NotFound, AccessDenied):
        if find(name) is not None:
            raise


def named(prefix: str) -> Iterator[str]:
    """Yield the names of the account's functions that begin with ``prefix``. Calls: lambda:ListFunctions."""
    with translated("lambda:ListFunctions", prefix):
        for page in _lambda().get_paginator("list_functions").paginate():
            yield from (
                each["FunctionName"] for each in page["Functions"] if each["FunctionName"].startswith(prefix)
            )


def call(arn: str, payload: object) -> Any:  # noqa: ANN401 - whatever the function answers
    """Return what a function answers. Calls: lambda:InvokeFunction.

    Raises:
        RewardInvalid: the function raised, ran out of time or memory, or answered no JSON.
    """
    body = json.dumps(payload, ensure_ascii=False).encode()
    with translated("lambda:InvokeFunction", arn):
        try:
            answer = _lambda().invoke(FunctionName=arn, InvocationType="RequestResponse", Payload=body)
            text = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise _failed("it did not answer in time", arn) from error
    if answer.get("FunctionError"):
        raise _failed(_told(text), arn)
    try:
        return json.loads(text)
    except ValueError as error:
        raise _failed("it answered no JSON", arn) from error


def _told(text: bytes) -> str:
    """Return a function's error in words, with the line where it was raised."""
    try:
        report = json.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")[:500]
    kind, message = report.get("errorType", "error"), report.get("errorMessage", "")
    trace = [line.strip() for line in report.get("stackTrace") or []]
    where = next((line.partition("\n")[0] for line in reversed(trace) if "reward.py" in line), "")
    return f"{kind}: {message}" + (f" ({where})" if where else "")


def _failed(what: str, arn: str) -> RewardInvalid:
    return RewardInvalid(
        f"the reward function failed: {what}",
        where=arn,
        remedy="Repair reward.py, or the function that is named, and drop the data again.",
    )


def _lambda() -> LambdaClient:
    found: LambdaClient = client("lambda")
    return found
