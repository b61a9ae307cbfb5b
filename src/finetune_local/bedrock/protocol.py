"""HTTP <-> Python for one AWS service, driven by botocore's service model (rest-json protocol)."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape

from finetune_local.bedrock.errors import BedrockError, invalid
from finetune_local.bedrock.shapes import MalformedError, from_json, from_text, to_json, to_text, violations

LOGGER: Final = logging.getLogger(__name__)

Query = Mapping[str, Any]
"""Query parameters: name -> text, or name -> list of texts."""

HttpAnswer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


@dataclass(frozen=True)
class Message:
    """What a request carries besides method and path."""

    headers: Mapping[str, str]
    body: bytes
    query: Query


@dataclass(frozen=True)
class Call:
    """A routed request: which operation, and what its URI says."""

    operation: OperationModel
    uri: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the operation, for example ``GetCustomModel``."""
        return str(self.operation.name)


class Protocol:
    """Routes, reads and writes the messages of one service (``bedrock`` or ``bedrock-runtime``)."""

    def __init__(self, service: str) -> None:
        document = Loader().load_service_model(service, "service-2")
        self._model = ServiceModel(document, service)
        operations = [self._model.operation_model(name) for name in self._model.operation_names]
        # Longest literal text first, so that /a/{x}/stop is tried before /a/{x}: identifiers may hold "/".
        operations.sort(key=lambda operation: -len(re.sub(r"{[^}]*}", "", _template(operation))))
        self._routes = [(operation, _pattern(_template(operation))) for operation in operations]

    def route(self, method: str, path: str) -> Call | None:
        """Return the operation that `method` and `path` (encoded or not) stand for, or None."""
        decoded = unquote(path.split("?", 1)[0])
        for operation, pattern in self._routes:
            if operation.http["method"] == method.upper() and (match := pattern.fullmatch(decoded)):
                return Call(operation, match.groupdict())
        return None

    def read(self, call: Call, message: Message) -> dict[str, Any]:
        """Return the request's members; raise BedrockError when they break the service model."""
        shape = call.operation.input_shape
        if shape is None:
            return {}
        try:
            request = self._members(call, shape, message)
        except MalformedError as error:
            raise BedrockError("SerializationException", str(error)) from error
        found = list(violations(request, shape))
        if found:
            noun = "error" if len(found) == 1 else "errors"
            raise invalid(f"{len(found)} validation {noun} detected: {'; '.join(found)}")
        return request

    def _members(self, call: Call, shape: StructureShape, message: Message) -> dict[str, Any]:
        payload = shape.serialization.get("payload")
        request: dict[str, Any] = {}
        if payload:
            blob = shape.members[payload].type_name == "blob"
            request[payload] = message.body if blob else _json_object(message.body)
        elif message.body:
            request = from_json(_json_object(message.body), shape)
        for name, member in shape.members.items():
            text = _text_of(member.serialization, call, message)
            if text is not None:
                request[name] = from_text(text, member)
        return request

    def write(self, operation: OperationModel, output: Mapping[str, Any]) -> HttpAnswer:
        """Return the answer for `output`; one that breaks the service model becomes a loud 500."""
        shape = operation.output_shape
        members = {name: value for name, value in output.items() if value is not None}
        found = list(violations(members, shape)) if shape is not None else []
        if found:
            LOGGER.error("our answer to %s breaks the service model: %s", operation.name, found)
            message = f"local Bedrock built an answer that breaks the service model: {'; '.join(found)}"
            return self.write_error(operation, BedrockError("InternalServerException", message))
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
        if shape is None:
            return int(operation.http.get("responseCode", 200)), headers, b"{}"
        body: dict[str, Any] = {}
        for name, value in members.items():
            member = shape.members[name]
            if member.serialization.get("location") == "header":
                headers[member.serialization["name"]] = to_text(value, member)
            else:
                body[name] = value
        payload = shape.serialization.get("payload")
        content = body[payload] if payload else json.dumps(to_json(body, shape)).encode()
        return int(operation.http.get("responseCode", 200)), headers, content

    def write_error(self, operation: OperationModel | None, error: BedrockError) -> HttpAnswer:
        """Return the rest-json error answer for `error`."""
        status = 400
        shape = self._model.shape_for_error_code(error.code)  # type: ignore[arg-type]  # stubs say int
        if shape is not None:
            status = int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
        elif error.code == "NotImplementedException":
            status = 501
        elif error.code == "UnknownOperationException":
            status = 404
        headers = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": str(uuid.uuid4()),
            "x-amzn-ErrorType": error.code,
        }
        return status, headers, json.dumps({"message": error.message}).encode()


@cache
def protocol_of(service: str) -> Protocol:
    """Return the (shared) protocol of ``bedrock`` or ``bedrock-runtime``."""
    return Protocol(service)


def _template(operation: OperationModel) -> str:
    return str(operation.http["requestUri"]).split("?", 1)[0]


def _group(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"{([^}]+)}", template)
    return re.compile(
        "".join(
            re.escape(part) if index % 2 == 0 else f"(?P<{_group(part.rstrip('+'))}>.+)"
            for index, part in enumerate(parts)
        )
    )


def _text_of(serialization: Mapping[str, str], call: Call, message: Message) -> str | None:
    """Return the text of a member that travels in the URI, the query or a header."""
    place, wire = serialization.get("location"), serialization.get("name", "")
    if place == "uri":
        return call.uri.get(_group(wire))
    if place == "querystring":
        return _first(message.query.get(wire))
    if place == "header":
        found = (value for name, value in message.headers.items() if name.lower() == wire.lower())
        return next(found, None)
    return None


def _first(value: object) -> str | None:
    if isinstance(value, list):
        return str(value[0]) if value else None
    return None if value is None else str(value)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise MalformedError(f"the request body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise MalformedError("the request body is not a JSON object")
    return value
