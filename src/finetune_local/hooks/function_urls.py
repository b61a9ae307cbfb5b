"""Hooks into the emulator's function URLs: an address that opens on this machine, and who may call it.

Release 1.5.33 serves function URLs, by host name and below `/_aws/lambda-url/<id>/`, but CloudFormation gives
AWS's host name, which leads nowhere from here, and a call without credentials meets no policy. On AWS a URL
of the type NONE answers only when the function's policy lets everybody do two things, since October 2025:
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from finetune_local.hooks import iam
from finetune_local.hooks.gateway import Response, as_tenant
from finetune_local.values import Json, Untyped

_NEEDED = (
    ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "NONE"}),
    ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}),
)
_FORBIDDEN: Response = (
    HTTPStatus.FORBIDDEN,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"},
    b'{"Message":"Forbidden"}',
)


def serve_on(endpoint: str) -> None:
    """Let CloudFormation give addresses below `endpoint`, and ask the function's policy who may call."""
    generic = provisioners._lambda_url_attributes

    def attributes(config: Json) -> Json:
        url_id = lambda_svc._function_url_id(config["FunctionUrl"])
        return {**generic(config), "FunctionUrl": f"{endpoint}/_aws/lambda-url/{url_id}/"}

    provisioners._lambda_url_attributes = attributes
    lambda_svc.handle_function_url_request = _judged(lambda_svc.handle_function_url_request)


def _judged(generic: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def handle(url_id: str, *request: Untyped, **more: Untyped) -> Response:
        found = lambda_svc.resolve_function_url(url_id)
        if found is not None and found[4].get("AuthType") == "NONE":
            account, region, name, qualifier, _ = found
            arn = f"arn:aws:lambda:{region}:{account}:function:{name}" + (
                f":{qualifier}" if qualifier else ""
            )
            with as_tenant(account, region):
                if not all(iam.function_allows_anybody(arn, *needed) for needed in _NEEDED):
                    return _FORBIDDEN
        return await generic(url_id, *request, **more)

    return handle
