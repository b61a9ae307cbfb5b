"""The ASGI application that the server runs: the operator's orders, and the emulator behind them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from finetune_local.cloud import Cloud
from finetune_local.hooks import gateway
from finetune_local.values import Untyped

Asgi = Callable[..., Awaitable[None]]


def application(cloud: Cloud, *, path: str, on_ready: Callable[[], None]) -> Asgi:
    """Return the ASGI application: the operator's orders at `path`, the emulator elsewhere.

    `on_ready` is called when the emulator has started.
    """
    emulator = gateway.asgi_application()

    async def answer(scope: Untyped, receive: Untyped, send: Untyped) -> None:
        if scope["type"] == "http" and scope["path"] == path:
            await _admin(cloud, receive, send)
        elif scope["type"] == "lifespan":

            async def tell(message: Untyped) -> None:
                await send(message)
                if message["type"] == "lifespan.startup.complete":
                    on_ready()

            await emulator(scope, receive, tell)
        else:
            await emulator(scope, receive, send)

    return answer


async def _admin(cloud: Cloud, receive: Untyped, send: Untyped) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        status, content = 200, await gateway.off_loop(cloud.command, json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError) as error:
        status, content = 400, {"message": f"{type(error).__name__}: {error}"}
    text = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
