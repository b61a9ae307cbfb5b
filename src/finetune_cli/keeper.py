"""Keeping the local cloud in a process of its own: start it, wait until it answers, stop it.

`python -m finetune_cli.keeper` is that process: it holds `finetune_local`'s LocalCloud open until it gets SIGTERM
or SIGINT or, with `--until-eof`, until its standard input is closed, so that it never outlives who started it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from finetune_cli import local_state
from finetune_cli.errors import CommandError
from finetune_cli.local_state import LocalState

START_SECONDS = 60.0
STOP_SECONDS = 30.0


def start(log: Path, *, until_eof: bool, speed: float | None) -> tuple[LocalState, subprocess.Popen[bytes]]:
    """Start the keeper and wait until the cloud answers.

    Raises:
        CommandError: it did not come up; with the last lines of its log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    options = [*(["--until-eof"] if until_eof else []), *([f"--speed={speed}"] if speed else [])]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "finetune_cli.keeper", *options],
            stdin=subprocess.PIPE if until_eof else subprocess.DEVNULL, stdout=sink, stderr=sink,
            start_new_session=True,  # Ctrl-C is for the command; the command then stops the keeper in order
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        state = local_state.read()
        if state and state.pid == process.pid:
            return state, process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    last = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-15:]
    raise CommandError("The local cloud did not start:\n    " + "\n    ".join(last), where=str(log), do="Read the log.")


def stop(state: LocalState, process: subprocess.Popen[bytes] | None = None) -> None:
    """Ask the keeper to end and wait until it has.

    Raises:
        CommandError: it does not end.
    """
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if process is not None:
            process.poll()  # reaps our own child
        if not local_state.is_alive(state.pid):
            return
        time.sleep(0.05)
    raise CommandError(
        f"The local cloud (process {state.pid}) does not end.",
        where=f"asked {STOP_SECONDS:.0f} s ago",
        do=f"End it yourself: kill -9 {state.pid}",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Hold the local cloud open until told to end."""
    args = list(sys.argv[1:] if argv is None else argv)
    speeds = [float(arg.removeprefix("--speed=")) for arg in args if arg.startswith("--speed=")]
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if "--until-eof" in args:
        threading.Thread(target=_wait_for_eof, args=(ended,), daemon=True).start()
    hold(ended, speed=speeds[0] if speeds else None)
    return 0


def hold(ended: threading.Event, *, speed: float | None) -> None:
    """Run the cloud, publish how to reach it, and take it down when `ended` is set."""
    from finetune_local.emulator import LocalCloud  # noqa: PLC0415 - heavy, and only this process needs it

    with LocalCloud() as cloud:
        began = datetime.now(UTC).isoformat(timespec="seconds")
        local_state.write(LocalState(os.getpid(), dict(cloud.environment()), began))
        try:
            ended.wait()
        finally:
            local_state.remove()


def _wait_for_eof(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
