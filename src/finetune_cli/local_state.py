"""The state file of the local cloud: who runs it and how to talk to it. Standard library only.

`.local/cloud.json` in the project's folder is written by the process that runs the cloud once it answers, and
removed when that process ends. A file whose process is gone is stale and counts as no cloud.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from finetune_cli.errors import CommandError


@dataclass(frozen=True)
class LocalState:
    """A running local cloud: process id of its keeper, and the variables that make AWS tools talk to it."""

    pid: int
    environment: dict[str, str]
    started_at: str

    @property
    def endpoint(self) -> str:
        """The address that all services answer on."""
        return self.environment["AWS_ENDPOINT_URL"]


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
        fields = json.loads((folder() / "cloud.json").read_text(encoding="utf-8"))
        state = LocalState(**fields)
    except (CommandError, FileNotFoundError, ValueError, TypeError):
        return None
    return state if is_alive(state.pid) else None


def write(state: LocalState) -> None:
    """Publish a running cloud, readable by its owner alone (it holds keys, if only local ones)."""
    folder().mkdir(exist_ok=True)
    path = folder() / "cloud.json"
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def remove() -> None:
    """Take the state file away, if it is there."""
    (folder() / "cloud.json").unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """True when the process exists (a zombie does not count where /proc can tell)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, IndexError):
        return True
