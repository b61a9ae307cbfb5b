"""An AWS in memory for function tests: S3, DynamoDB and SSM work, anything else answers what a test says.

Every request is held against botocore's own service model (types, required members, patterns, enums,
lengths), so that a fake cannot accept what AWS would refuse.
"""

# ruff: noqa: N803 - arguments have the services' own names

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.paginate import Paginator, PaginatorModel
from botocore.validate import ParamValidator

Answer = Any


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def service_model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in service_model(service).operation_names}


def faults_of(shape: Shape | None, value: Any, path: str = "") -> Iterator[str]:
    """Yield what botocore's validator does not look at: patterns, enums and longest lengths."""
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from faults_of(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            yield from faults_of(shape.member, member, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from faults_of(shape.value, member, f"{path}.{name}")
    elif shape.type_name == "string":
        yield from _string_faults(shape, value, path)


def _string_faults(shape: Shape, value: str, path: str) -> Iterator[str]:
    limits = shape.metadata
    if limits.get("enum") and value not in limits["enum"]:
        yield f"{path}: {value!r} is not one of {limits['enum']}"
    if limits.get("max") is not None and len(value) > limits["max"]:
        yield f"{path}: {len(value)} characters, at most {limits['max']}"
    if limits.get("pattern") and not _fits(limits["pattern"], value):
        yield f"{path}: {value!r} does not fit {limits['pattern']}"


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.search(f"^(?:{pattern})$", value) is not None
    except re.error:  # a Java-only expression
        return True


def check_request(service: str, operation: str, params: dict[str, Any]) -> None:
    """Fail when AWS would refuse the request as malformed."""
    shape = service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(params, shape)
    assert not report.has_errors(), f"{service}:{operation}: {report.generate_report()}"
    found = list(faults_of(shape, params))
    assert not found, f"{service}:{operation}: {found}"


def error(code: str, message: str = "no", status: int = 400) -> ClientError:
    """Return what boto3 raises for an error answer."""
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Any"
    )


class FakeAws:
    """All services of one account. ``on`` says what an operation answers; ``calls`` lists what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.s3 = Buckets()
        self.table = Table()
        self.parameters: dict[str, str] = {}
        for part in (self.s3, self.table):
            self.answers |= part.answers()
        self.answers |= {
            "ssm:GetParameter": self._get_parameter,
            "ssm:PutParameter": lambda Name, Value, **_: (
                self.parameters.update({Name: Value}) or {"Version": 1}
            ),
            "ssm:DeleteParameter": self._delete_parameter,
            "sns:Publish": {"MessageId": "1"},
            "bedrock:ListTagsForResource": {"tags": []},
            "lambda:ListFunctions": {"Functions": []},
        }

    def on(self, call: str, answer: Answer) -> None:
        """Answer a call ("bedrock:GetCustomModel") with a value, an exception, a function or a list."""
        self.answers[call] = answer

    def made(self, call: str) -> list[dict[str, Any]]:
        """Return the requests of one operation."""
        return [params for name, params in self.calls if name == call]

    def client(self, service: str, _: object = None) -> FakeClient:
        return FakeClient(self, service)

    def ask(self, service: str, operation: str, params: dict[str, Any]) -> Any:
        check_request(service, operation, params)
        name = f"{service}:{operation}"
        self.calls.append((name, params))
        answer = self.answers.get(name, error("ResourceNotFoundException", f"no {operation}", 404))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(**params) if callable(answer) else answer

    def _get_parameter(self, Name: str) -> dict[str, Any]:
        if Name not in self.parameters:
            raise error("ParameterNotFound")
        return {"Parameter": {"Name": Name, "Value": self.parameters[Name]}}

    def _delete_parameter(self, Name: str) -> dict[str, Any]:
        if self.parameters.pop(Name, None) is None:
            raise error("ParameterNotFound")
        return {}


class FakeClient:
    """A boto3 client of one service."""

    def __init__(self, aws: FakeAws, service: str) -> None:
        self._aws, self._service = aws, service

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = _operations(self._service)[name]
        return lambda **params: self._aws.ask(self._service, operation, params)

    def get_paginator(self, name: str) -> Paginator:
        operation = _operations(self._service)[name]
        found: PaginatorModel = (
            _session()
            .get_component("data_loader")
            .load_service_model(self._service, "paginators-1")["pagination"][operation]
        )
        model: OperationModel = service_model(self._service).operation_model(operation)
        return Paginator(getattr(self, name), found, model)


class Transfers:
    """s3transfer's manager, for files of one part."""

    def __init__(self, client: FakeClient) -> None:
        self._client = client

    def __enter__(self) -> Transfers:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def upload(self, path: str, bucket: str, key: str, extra: dict[str, Any]) -> Transfers:
        self._client.put_object(Bucket=bucket, Key=key, Body=Path(path).read_bytes(), **extra)
        return self

    def result(self) -> None:
        return None


class Buckets:
    """S3 with versions."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
        self.uploads: dict[str, tuple[str, str, dict[int, bytes]]] = {}

    def put(self, bucket: str, key: str, body: bytes) -> str:
        kept = self.versions.setdefault((bucket, key), [])
        version = hashlib.sha256(f"{key}{len(kept)}".encode()).hexdigest()[:32]
        kept.append((version, body))
        return version

    def text(self, bucket: str, key: str) -> str:
        return self.versions[bucket, key][-1][1].decode()

    def keys(self, bucket: str) -> list[str]:
        return sorted(key for name, key in self.versions if name == bucket)

    def answers(self) -> dict[str, Answer]:
        return {
            "s3:PutObject": lambda Bucket, Key, Body, **_: {"VersionId": self.put(Bucket, Key, Body)},
            "s3:GetObject": self._get,
            "s3:ListObjectVersions": self._list_versions,
            "s3:ListObjectsV2": self._list,
            "s3:HeadObject": lambda Bucket, Key: {
                "ContentLength": len(self._get(Bucket, Key)["Body"].read()),
                "VersionId": self.versions[Bucket, Key][-1][0],
            },
            "s3:CreateMultipartUpload": self._begin,
            "s3:UploadPart": self._send,
            "s3:ListParts": lambda UploadId, **_: {"Parts": self._parts(UploadId), "IsTruncated": False},
            "s3:CompleteMultipartUpload": self._complete,
            "s3:AbortMultipartUpload": lambda UploadId, **_: self.uploads.pop(UploadId) and {},
        }

    def _begin(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        upload = f"upload-{len(self.uploads)}"
        self.uploads[upload] = (Bucket, Key, {})
        return {"UploadId": upload}

    def _send(self, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> dict[str, Any]:
        self.uploads[UploadId][2][PartNumber] = Body
        return {"ETag": f"{PartNumber}"}

    def _parts(self, upload: str) -> list[dict[str, Any]]:
        if upload not in self.uploads:
            raise error("NoSuchUpload", status=404)
        return [{"PartNumber": number, "ETag": f"{number}"} for number in sorted(self.uploads[upload][2])]

    def _complete(self, UploadId: str, MultipartUpload: dict[str, Any], **_: Any) -> dict[str, Any]:
        bucket, key, parts = self.uploads.pop(UploadId)
        bodies = [parts[part["PartNumber"]] for part in MultipartUpload["Parts"]]
        if any(len(body) < 5 * 1024 * 1024 for body in bodies[:-1]):
            raise error("EntityTooSmall")
        return {"VersionId": self.put(bucket, key, b"".join(bodies))}

    def _get(self, Bucket: str, Key: str, VersionId: str = "", Range: str = "") -> dict[str, Any]:
        kept = self.versions.get((Bucket, Key))
        if not kept:  # what S3 answers to who may not list the bucket
            raise error("AccessDenied", status=403)
        body = dict(kept).get(VersionId, b"") if VersionId else kept[-1][1]
        if Range:
            first, last = Range.removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def _list_versions(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        found = [
            {
                "Key": key,
                "VersionId": version,
                "IsLatest": index == len(kept) - 1,
                "Size": len(body),
                "ETag": f'"{hashlib.md5(body).hexdigest()}"',  # noqa: S324
            }
            for (name, key), kept in sorted(self.versions.items())
            if name == Bucket and key.startswith(Prefix)
            for index, (version, body) in enumerate(kept)
        ]
        return {"Versions": found, "IsTruncated": False}

    def _list(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        return {"Contents": [{"Key": key} for key in self.keys(Bucket) if key.startswith(Prefix)]}


class Table:
    """DynamoDB with one table: gets, puts, SET updates with one condition, and the index on runs."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    def put_plain(self, pk: str, sk: str, **values: str) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}} | {name: {"S": value} for name, value in values.items()}
        self.items[pk, sk] = item

    def plain(self, pk: str, sk: str) -> dict[str, Any]:
        return {name: next(iter(value.values())) for name, value in self.items[pk, sk].items()}

    def answers(self) -> dict[str, Answer]:
        return {
            "dynamodb:GetItem": self._get,
            "dynamodb:PutItem": self._put,
            "dynamodb:UpdateItem": self._update,
            "dynamodb:Query": self._query,
        }

    def _get(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        item = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return {"Item": item} if item else {}

    def _put(self, Item: dict[str, Any], **request: Any) -> dict[str, Any]:
        old = self.items.get((Item["pk"]["S"], Item["sk"]["S"]))
        revised = request.get("ConditionExpression", "").endswith("#revision = :seen")
        if old and revised and old["revision"] != request["ExpressionAttributeValues"][":seen"]:
            raise error("ConditionalCheckFailedException")
        self.items[Item["pk"]["S"], Item["sk"]["S"]] = Item
        return {}

    def _update(
        self,
        Key: dict[str, Any],
        UpdateExpression: str,
        ExpressionAttributeNames: dict[str, str],
        ExpressionAttributeValues: dict[str, Any],
        ConditionExpression: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        names, values = ExpressionAttributeNames, ExpressionAttributeValues
        if UpdateExpression.startswith("REMOVE "):
            return self._remove_members(Key, UpdateExpression, names)
        item = self.items.setdefault((Key["pk"]["S"], Key["sk"]["S"]), dict(Key))
        if ConditionExpression:
            name, value = ConditionExpression.split(" = ")
            if item.get(names[name]) != values[value]:
                raise error("ConditionalCheckFailedException")
        for part in UpdateExpression.removeprefix("SET ").split(", "):
            name, value = part.split(" = ")
            item[names[name]] = values[value]
        return {}

    def _remove_members(self, Key: dict[str, Any], expression: str, names: dict[str, str]) -> dict[str, Any]:
        """Do "REMOVE #a.#b, … ADD #revision :one", if the item exists."""
        item = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        if item is None:
            raise error("ConditionalCheckFailedException")
        for path in expression.removeprefix("REMOVE ").split(" ADD ")[0].split(", "):
            attribute, member = (names[part] for part in path.split("."))
            item[attribute]["M"].pop(member, None)
        item["revision"] = {"N": str(int(item["revision"]["N"]) + 1)}
        return {}

    def _query(
        self,
        ExpressionAttributeNames: dict[str, str],
        ExpressionAttributeValues: dict[str, Any],
        FilterExpression: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        if not FilterExpression:
            since = ExpressionAttributeValues[":moment"]["S"]
            runs = [item for item in self.items.values() if item.get("kind") == {"S": "run"}]
            return {"Items": [item for item in runs if item["started_at"]["S"] >= since]}
        name, value = FilterExpression.split(" = ")
        wanted = ExpressionAttributeValues[value]
        found = [
            item
            for item in self.items.values()
            if item.get("kind") == {"S": "run"} and item.get(ExpressionAttributeNames[name]) == wanted
        ]
        return {"Items": found, "Count": len(found)}
