"""A small AWS service of the `json` protocol: operation by X-Amz-Target, members in and out as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from finetune_local.hooks import gateway
from finetune_local.values import Json

Operation = Callable[[Json, str, str], Json]
"""(members, account, Region) → members; raises ServiceError."""


class ServiceError(Exception):
    """An error that the service's API names: `code` and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def json_service(operations: Mapping[str, Operation]) -> gateway.Handler:
    """Return a handler that answers the named operations."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> gateway.Response:
        del method, path, query
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        account, region = gateway.tenant()
        try:
            if name not in operations:
                raise ServiceError("UnknownOperationException", f"the local cloud does not offer {name}")
            return _response(200, operations[name](json.loads(body or b"{}"), account, region))
        except ServiceError as error:
            return _response(400, {"__type": error.code, "message": str(error)})

    return handle


def _response(status: int, content: Json) -> gateway.Response:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()
