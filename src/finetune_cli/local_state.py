"""Whether a local cloud is up, told by the file that its server writes. Standard library only.

`.local/server.json` in the project's folder names endpoint, process and CA; a file whose process is gone is
stale and counts as no cloud.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from finetune_cli.errors import CommandError

READY_FILE = "server.json"


@dataclass(frozen=True)
class LocalState:
    """A running local cloud: process id, and the address that all services answer on."""

    pid: int
    endpoint: str


def project_root() -> Path:
    """The project's folder: the nearest one at or above the working folder with cdk.json, else the checkout.

    Raises:
        CommandError: neither has a cdk.json.
    """
    checkout = Path(__file__).resolve().parents[2]
    for folder in (Path.cwd(), *Path.cwd().parents, checkout):
        if (folder / "cdk.json").is_file() and (folder / "stacks").is_dir():
            return folder
    raise CommandError(
        "This is not a checkout of the pipeline: there is no cdk.json.",
        where=str(Path.cwd()),
        do="Run the command inside the cloned project.",
    )


def folder() -> Path:
    """Where the local cloud keeps its files; not under version control."""
    return project_root() / ".local"


def read() -> LocalState | None:
    """The running local cloud, or None. Never raises: outside a checkout there is none."""
    try:
        fields = json.loads((folder() / READY_FILE).read_text(encoding="utf-8"))
        state = LocalState(pid=int(fields["pid"]), endpoint=str(fields["endpoint"]))
    except (CommandError, FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    return state if is_alive(state.pid) else None


def is_alive(pid: int) -> bool:
    """True when the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
