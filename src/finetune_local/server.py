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
from pathlib import Path

from finetune_local.certificate import ensure_certificate
from finetune_local.clock import Clock
from finetune_local.environment import enter_server_environment
from finetune_local.values import Json

READY_FILE = "server.json"
ADMIN_PATH = "/_finetune/admin"
BEDROCK = "finetune_local.bedrock.service:BedrockService"
_HOST = "127.0.0.1"


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _parser().parse_args(arguments)
    state = options.state_dir.resolve()
    state.mkdir(parents=True, exist_ok=True)
    certificate, key = ensure_certificate(state / "tls")
    listener = socket.create_server((_HOST, options.port), backlog=512)
    endpoint = _endpoint(listener)
    enter_server_environment(endpoint, certificate, key)
    _use_temporary_folder(state / "tmp")
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    ready = state / READY_FILE
    asyncio.run(_serve(options, listener=listener, certificate=certificate, key=key, ready=ready))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="finetune_local.server", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="where certificate and server.json lie")
    parser.add_argument("--port", type=int, default=0, help="TCP port, 0 for a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--bedrock", default=BEDROCK, help="module:class that answers for Bedrock")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    parser.add_argument("--log-level", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


def _use_temporary_folder(folder: Path) -> None:
    """Let functions' unpacked code lie in the state directory, without what an earlier server left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


async def _serve(
    options: argparse.Namespace, *, listener: socket.socket, certificate: Path, key: Path, ready: Path
) -> None:
    # Importing the emulator reads the environment, which had to be prepared before.
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from finetune_local.cloud import Cloud  # noqa: PLC0415
    from finetune_local.front_door import application  # noqa: PLC0415

    endpoint = _endpoint(listener)
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
    content = {"endpoint": endpoint, "pid": os.getpid(), "ca": str(certificate)}
    front_door = application(cloud, path=ADMIN_PATH, on_ready=lambda: _write(ready, content))
    serving = asyncio.ensure_future(serve(front_door, config, shutdown_trigger=asyncio.Event().wait))
    await asyncio.wait({serving, asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    ready.unlink(missing_ok=True)
    await asyncio.to_thread(cloud.bedrock.close)
    if serving.done():
        serving.result()
    # Idle connections and threads that wait for simulated hours go with the process.
    logging.shutdown()
    os._exit(0)


def _endpoint(listener: socket.socket) -> str:
    return f"https://{_HOST}:{listener.getsockname()[1]}"


def _stop_on(stop: asyncio.Event, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if with_parent:

        def watch() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _write(path: Path, content: Json) -> None:
    """Write atomically: who sees the file sees all of it."""
    staged = path.with_suffix(".new")
    staged.write_text(json.dumps(content))
    staged.replace(path)


if __name__ == "__main__":
    main()
