"""The way from the emulator's front door to our Bedrock: routing, IAM, tenants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from finetune_local.hooks import gateway, iam
from finetune_local.values import Json

Request = tuple[str, str, str, dict[str, str], bytes, dict[str, Any]]
"""service, method, path, headers, body, query."""


class Permission(Protocol):
    """One decision that IAM has to take before a call is carried out."""

    @property
    def action(self) -> str:
        """`bedrock:…`, or what the call needs besides, such as `iam:PassRole`."""

    @property
    def resource(self) -> str:
        """ARN, or `*`."""

    @property
    def request_tags(self) -> Mapping[str, str]:
        """Tags that the call gives (`aws:RequestTag/…`)."""


class Bedrock(Protocol):
    """Our Bedrock, as `finetune_local.bedrock.service.BedrockService` implements it; thread-safe."""

    def handle(  # noqa: PLR0917 - the parts of an HTTP request, as the emulator hands them over
        self,
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        *,
        account: str,
        region: str,
        caller_arn: str,
    ) -> gateway.Response:
        """Answer one request whose caller has been judged."""

    def permissions(  # noqa: PLR0917 - as for handle
        self,
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        *,
        account: str,
        region: str,
    ) -> Sequence[Permission]:
        """Return what the caller of this request must be allowed."""

    def resource_tags(self, account: str, region: str, arn: str) -> dict[str, str]:
        """Return the tags of a resource; {} for an unknown one."""

    def admin(self, command: Json) -> Json:
        """Obey an order of the local cloud's operator."""

    def close(self) -> None:
        """End all work."""


class BedrockGateway:
    """Judges every call to Bedrock under its caller, then lets `Bedrock` answer it."""

    def __init__(self, bedrock: Bedrock) -> None:
        self._bedrock = bedrock

    def install(self) -> None:
        """Take over both Bedrock services of the emulator."""
        for service in ("bedrock", "bedrock-runtime"):
            gateway.register_service(service, self._handler(service), namespace="bedrock", authorizes=True)

    def _handler(self, service: str) -> gateway.Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> gateway.Response:
            request = (service, method, path, headers, body, query)
            answer: gateway.Response = await gateway.off_loop(self._answer, request)
            return answer

        return handle

    def _answer(self, request: Request) -> gateway.Response:
        headers, query = request[3], request[5]
        account, region = gateway.tenant()
        if denial := self._judge(request):
            kind = {"Content-Type": "application/json", "x-amzn-errortype": denial.code}
            return 403, kind, json.dumps({"message": denial.message}).encode()
        caller = gateway.caller_arn(headers, query)
        return self._bedrock.handle(*request, account=account, region=region, caller_arn=caller)

    def _judge(self, request: Request) -> iam.Denial | None:
        if not gateway.enforcement():
            return None
        headers, query = request[3], request[5]
        key = gateway.access_key(headers, query)
        account, region = gateway.tenant()
        for needed in self._bedrock.permissions(*request, account=account, region=region):
            tags = self._bedrock.resource_tags(account, region, needed.resource)
            context = _context(needed.request_tags, tags, region)
            if denial := iam.judge(key, needed.action, needed.resource, context):
                return denial
        return None


def _context(request_tags: Mapping[str, str], resource_tags: Mapping[str, str], region: str) -> Json:
    """Return the condition keys of a call to Bedrock, and of what Bedrock asks for on the caller's behalf."""
    context: Json = {
        "iam:PassedToService": "bedrock.amazonaws.com",
        "kms:ViaService": f"bedrock.{region}.amazonaws.com",
    }
    context |= {f"aws:RequestTag/{key}": value for key, value in request_tags.items()}
    context |= {f"aws:ResourceTag/{key}": value for key, value in resource_tags.items()}
    return context | ({"aws:TagKeys": sorted(request_tags)} if request_tags else {})
