"""The local cloud's server process: `python -m finetune_local.server --state-dir DIR [--port N]`.

One process, one port on 127.0.0.1, TLS. When it serves it writes `server.json` (endpoint, pid, CA) into the
state directory. It ends on SIGTERM or, with `--with-parent`, when its standard input closes, which happens
when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_local.certificate import ensure_certificate
from finetune_local.clock import Clock
from finetune_local.sessions import REGION, ROOT_SECRET

if TYPE_CHECKING:
    from finetune_local.cloud import Cloud

READY_FILE = "server.json"
ADMIN_PATH = "/_finetune/admin"
BEDROCK = "finetune_local.bedrock.service:BedrockService"
_HOST = "127.0.0.1"

Asgi = Callable[..., Awaitable[None]]


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _parser().parse_args(arguments)
    state = options.state_dir.resolve()
    state.mkdir(parents=True, exist_ok=True)
    certificate, key = ensure_certificate(state / "tls")
    listener = socket.create_server((_HOST, options.port), backlog=512)
    endpoint = f"https://{_HOST}:{listener.getsockname()[1]}"
    _prepare_environment(endpoint, certificate, key)
    _use_temporary_folder(state / "tmp")
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    asyncio.run(_serve(options, listener, endpoint, certificate, key, state))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="finetune_local.server", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="where certificate and server.json lie")
    parser.add_argument("--port", type=int, default=0, help="TCP port, 0 for a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--bedrock", default=BEDROCK, help="module:class that answers for Bedrock")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    parser.add_argument("--log-level", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


def client_environment(endpoint: str, ca: str, account: str) -> dict[str, str]:
    """Return the environment in which AWS tools reach the local cloud, and only that."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **{name: ca for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")},
    }


def without_aws(environment: dict[str, str]) -> dict[str, str]:
    """Drop everything about AWS from an environment, so that nobody's own account is ever met."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _prepare_environment(endpoint: str, certificate: Path, key: Path) -> None:
    """Set what the emulator reads when it is imported, and what function processes inherit."""
    port = endpoint.rpartition(":")[2]
    clean = without_aws(dict(os.environ))
    # Functions find their code in their own package, never in this source tree.
    clean.pop("PYTHONPATH", None)
    os.environ.clear()
    os.environ.update(clean)
    os.environ.update(client_environment(endpoint, str(certificate), "000000000000"))
    os.environ.update(
        AUTH="true",
        GATEWAY_PORT=port,
        BIND_HOST=_HOST,
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=REGION,
        MINISTACK_SSL_CERT=str(certificate),
        MINISTACK_SSL_KEY=str(key),
        USE_SSL="1",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        SFN_WAIT_SCALE="1",
        DOCKER_HOST=f"unix://{os.devnull}.absent",
    )


def _use_temporary_folder(folder: Path) -> None:
    """Let functions' unpacked code lie in the state directory, without what an earlier server left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


async def _serve(
    options: argparse.Namespace,
    listener: socket.socket,
    endpoint: str,
    certificate: Path,
    key: Path,
    state: Path,
) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - the environment comes first
    from hypercorn.config import Config  # noqa: PLC0415

    from finetune_local.cloud import Cloud  # noqa: PLC0415
    from finetune_local.hooks.gateway import asgi_application  # noqa: PLC0415

    module, _, name = options.bedrock.partition(":")
    cloud = Cloud(
        endpoint_url=endpoint,
        ca_bundle=str(certificate),
        clock=Clock(options.speed),
        make_bedrock=getattr(importlib.import_module(module), name),
    )
    cloud.install()
    stop = asyncio.Event()
    _stop_on(stop, with_parent=options.with_parent)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile, config.keyfile = str(certificate), str(key)
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    ready = state / READY_FILE
    content = {"endpoint": endpoint, "pid": os.getpid(), "ca": str(certificate)}
    application = _application(asgi_application(), cloud, lambda: _write(ready, content))
    serving = asyncio.ensure_future(serve(application, config, shutdown_trigger=asyncio.Event().wait))
    await asyncio.wait({serving, asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    ready.unlink(missing_ok=True)
    cloud.bedrock.close()
    if serving.done():
        serving.result()
    # Nothing here outlives the process: idle connections and threads that wait for simulated hours go with it.
    logging.shutdown()
    os._exit(0)


def _stop_on(stop: asyncio.Event, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if with_parent:

        def watch() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write atomically: who sees the file sees all of it."""
    staged = path.with_suffix(".new")
    staged.write_text(json.dumps(content))
    staged.replace(path)


def _application(emulator: Asgi, cloud: Cloud, on_ready: Callable[[], None]) -> Asgi:
    """Put the operator's path in front of the emulator, and tell when it has started."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == ADMIN_PATH:
            await _admin(cloud, receive, send)
        elif scope["type"] == "lifespan":

            async def tell(message: Any) -> None:
                await send(message)
                if message["type"] == "lifespan.startup.complete":
                    on_ready()

            await emulator(scope, receive, tell)
        else:
            await emulator(scope, receive, send)

    return application


async def _admin(cloud: Cloud, receive: Any, send: Any) -> None:
    from finetune_local.hooks.gateway import off_loop  # noqa: PLC0415

    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        status, answer = 200, await off_loop(cloud.command, json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError) as error:
        status, answer = 400, {"message": f"{type(error).__name__}: {error}"}
    content = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    main()
