"""Faults that a test orders for calls to the emulator's own services; Bedrock's are in `bedrock/faults.py`.

    {"command": "call_fault", "service": "dynamodb" | "lambda" | "s3" | "sns" | "ssm", "operation": "PutItem",
     "error"?, "count"? = 1, "after_effect"? = false, "delay"? = 0, "caller"? = "", "about"? = []}
        the next calls are answered with that error; after_effect: the call acts and its answer is lost;
        delay: simulated seconds before anything happens (without an error the call then goes its way);
        caller: part of the caller's ARN; about: texts that path or body must hold, all of them
    {"command": "release", "about": [...]}            lets go of calls that orders about exactly this delay
    {"command": "call_faults"}  -> {"calls": [{the order's members, "struck": number of calls met}]}

`clear_faults` forgets them too, and lets go of whatever is delayed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from finetune_local.clock import Clock
from finetune_local.hooks import gateway
from finetune_local.values import Json

SERVICES: Final = ("dynamodb", "lambda", "s3", "sns", "ssm")
_MESSAGE: Final = "Ordered by a test."
_STATUSES: Final = {"SlowDown": 503, "Throttled": 429, "TooManyRequestsException": 429}
_REFUSED: Final = ("Throttl", "Exceeded", "AccessDenied")


@dataclass
class CallOrder:
    """The next ``count`` calls of ``operation`` that fit meet this; ``struck`` counts those that did."""

    service: str
    operation: str
    error: str = ""
    count: int = 1
    after_effect: bool = False
    delay: float = 0
    caller: str = ""
    about: Sequence[str] = ()
    struck: int = 0
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        """Refuse what could never strike."""
        if self.service not in SERVICES:
            raise ValueError(f"{self.service!r} is not one of {list(SERVICES)}")
        if not self.error and not self.delay:
            raise ValueError("an order needs an error or a delay")


class CallFaults:
    """Stands before the emulator's services and carries the orders out; thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._orders: list[CallOrder] = []

    def install(self) -> None:
        """Stand before every service of `SERVICES`."""
        for service in SERVICES:
            gateway.wrap_service(service, partial(self._wrapped, service))

    def order(self, members: Json) -> Json:
        """Note an order (`call_fault`); raise ValueError when it is malformed."""
        try:
            made = CallOrder(**members)
        except TypeError as error:
            raise ValueError(f"call_fault: {error}; see finetune_local/call_faults.py") from error
        with self._lock:
            self._orders.append(made)
        return {}

    def listed(self, members: Json) -> Json:
        """Tell every order and how often it struck (`call_faults`)."""
        del members
        with self._lock:
            names = [each.name for each in fields(CallOrder) if each.name != "released"]
            return {"calls": [{name: getattr(order, name) for name in names} for order in self._orders]}

    def release(self, members: Json) -> Json:
        """Let go of what the orders about these texts delay, and forget them (`release`)."""
        with self._lock:
            for order in [each for each in self._orders if list(each.about) == members["about"]]:
                order.released.set()
                self._orders.remove(order)
        return {}

    def clear(self) -> None:
        """Forget every order."""
        with self._lock:
            for order in self._orders:
                order.released.set()
            self._orders.clear()

    def _wrapped(self, service: str, handler: gateway.Handler) -> gateway.Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Json
        ) -> gateway.Response:
            order = self._take(service, method, path, headers, body, query) if self._orders else None
            if order is None:
                return await handler(method, path, headers, body, query)
            if order.delay:
                await gateway.off_loop(self._clock.wait, order.released, order.delay)
            if order.after_effect or not order.error:
                answer = await handler(method, path, headers, body, query)
            return _refusal(service, order.error) if order.error else answer

        return handle

    def _take(  # noqa: PLR0917 - the parts of an HTTP request
        self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Json
    ) -> CallOrder | None:
        name = operation_of(service, method, path, headers, body, query)
        caller = gateway.caller_arn(headers, query)
        text = f"{path} {unquote(body.decode('utf-8', 'replace'))}"
        with self._lock:
            for order in self._orders:
                if (
                    (order.service, order.operation) == (service, name)
                    and order.struck < order.count
                    and order.caller in caller
                    and all(part in text for part in order.about)
                ):
                    order.struck += 1
                    return order
        return None


def operation_of(  # noqa: PLR0917 - the parts of an HTTP request
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Json
) -> str:
    """Return the name of the operation that a request asks for; for S3 the few that the pipeline uses."""
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    if service == "sns":
        form = body.decode("utf-8", "replace").split("&")
        return next((unquote(part[7:]) for part in form if part.startswith("Action=")), "")
    if service == "lambda":
        return _lambda_operation(method, path)
    key = path.lstrip("/").partition("/")[2]
    names = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject"} if key else {"GET": "ListObjects"}
    name = names.get(method, "")
    if "uploadId" in query or "uploads" in query:
        return {"GetObject": "ListParts", "PutObject": "UploadPart"}.get(name, "MultipartUpload")
    return "ListObjectVersions" if name == "ListObjects" and "versions" in query else name


def _lambda_operation(method: str, path: str) -> str:
    """Return the operations on functions that the pipeline uses, "" for others."""
    parts = [part for part in path.split("/") if part][1:]
    if parts[-1:] == ["invocations"]:
        return "Invoke"
    names = {1: {"POST": "CreateFunction"}, 2: {"GET": "GetFunction", "DELETE": "DeleteFunction"}}
    return names.get(len(parts), {}).get(method, "") if parts[:1] == ["functions"] else ""


def _refusal(service: str, error: str) -> gateway.Response:
    refused = any(part in error for part in _REFUSED)
    status = _STATUSES.get(error, 400 if refused else 500)
    if service in {"s3", "sns"}:
        inner = f"<Code>{escape(error)}</Code><Message>{_MESSAGE}</Message>"
        wrapped = f"<Error>{inner}</Error>"
        text = wrapped if service == "s3" else f"<ErrorResponse>{wrapped}</ErrorResponse>"
        return status, {"Content-Type": "application/xml"}, text.encode()
    headers = {"Content-Type": "application/json", "x-amzn-errortype": error}
    return status, headers, json.dumps({"__type": error, "message": _MESSAGE, "Message": _MESSAGE}).encode()
