"""Hooks into the emulator's front door: requests, services, tenants, callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from ministack import app
from ministack.core import concurrency, iam_actions, iam_evaluator, responses, router

from finetune_local.values import Untyped, Value

Response = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]
"""A service: (method, decoded path, headers in lower case, body, query) → response."""


def asgi_application() -> Callable[..., Awaitable[None]]:
    """Return the emulator as an ASGI application."""
    return cast("Callable[..., Awaitable[None]]", app.app)


def set_enforcement(on: bool) -> None:
    """Judge every request by IAM policies, or none."""
    app.AUTH = on


def enforcement() -> bool:
    """Whether requests are judged by IAM policies."""
    return bool(app.AUTH)


def register_service(
    name: str, handler: Handler, *, namespace: str, target_prefix: str = "", authorizes: bool = False
) -> None:
    """Let `handler` answer the requests to service `name`.

    `namespace` is the prefix of its IAM actions; `target_prefix` routes a JSON protocol that the emulator
    does not know. With `authorizes` the handler judges its callers itself, with exact resource ARNs; the
    gateway then only checks their credentials.
    """
    app.SERVICE_HANDLERS[name] = handler
    iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = namespace
    if target_prefix:
        router.SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix]}
    if authorizes:
        _judge_in_handler(name)


def wrap_service(name: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put something in front of the handler of a service that the emulator offers."""
    app.SERVICE_HANDLERS[name] = wrap(app.SERVICE_HANDLERS[name])


def _judge_in_handler(name: str) -> None:
    generic = iam_actions.extract_iam_action

    def extract(service: str, *rest: Untyped) -> str | None:
        return None if service == name else cast("str | None", generic(service, *rest))

    iam_actions.extract_iam_action = extract


async def off_loop(function: Callable[..., Any], *arguments: Value) -> Value:
    """Run blocking work that may call this server again in a thread of its own, in the request's context."""
    return await concurrency.run_reentrant(function, *arguments)


def tenant() -> tuple[str, str]:
    """Return (account, Region) of the request or execution at work."""
    return responses.get_account_id(), responses.get_region()


@contextmanager
def as_tenant(account: str, region: str) -> Iterator[None]:
    """Do work outside of a request on behalf of an account and Region."""
    with responses.request_scope(account, region):
        yield


def access_key(headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """Return the access key id that signed a request ("" for none)."""
    return str(router.extract_access_key_id(headers, query))


def caller_arn(headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """Return the ARN of the principal that signed a request."""
    return str(iam_evaluator.request_caller_arn(dict(headers), dict(query)))
