"""`finetune local`: the whole pipeline on this machine, without an AWS account."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli import local_state
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK, CommandError

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_local.emulator import LocalCloud

EXAMPLE = Path("examples") / "instruction-single-turn"
UP_UNITS = 5
"""Model units that a cloud left running is made ready for: several datasets may be served at once."""


def add(commands: Commands) -> None:
    """Declare the group and its four commands."""
    group = commands.group("local", "Run the whole pipeline on this machine, without AWS.")
    up_parser = group.add("up", "Start the local cloud, deploy the stacks into it and leave it running.", up)
    group.add("down", "Stop the local cloud; everything in it is gone.", down)
    run_parser = group.add("run", "Start, deploy, drop a dataset, follow it to promotion, ask it, stop.", run)
    group.add("status", "Say whether a local cloud is up, and how to reach it.", status)
    run_parser.add_argument(
        "--dataset", type=Path, metavar="FOLDER", help=f"what to drop (default {EXAMPLE})"
    )
    run_parser.add_argument("--keep", action="store_true", help="leave the local cloud running afterwards")
    for parser in (up_parser, run_parser):
        parser.add_argument("--speed", type=float, metavar="N", help="simulated seconds per second")


def up(args: Namespace, console: Console) -> int:
    """0 once the stacks are deployed."""
    from finetune_cli import local_cloud  # noqa: PLC0415

    with local_cloud.started(console, keep=True, speed=args.speed) as running:
        local_cloud.deploy(running)
        local_cloud.raise_quotas(running, UP_UNITS, console)
    return _show(console)


def down(args: Namespace, console: Console) -> int:
    """0 when no cloud is left running."""
    was_up = local_state.read() is not None
    if was_up:
        _cloud().stop()
    console.say("The local cloud is stopped." if was_up else "No local cloud was up.")
    console.data({"was_up": was_up})
    return OK


def status(args: Namespace, console: Console) -> int:
    """0 when one is up, 1 when none is."""
    if local_state.read():
        return _show(console)
    console.say("No local cloud is up. Start one: finetune local up")
    console.data({"up": False})
    return NO


def run(args: Namespace, console: Console) -> int:
    """0 only when the dropped dataset's model was promoted and answered."""
    from finetune_cli.local_run import run_local  # noqa: PLC0415

    folder = args.dataset or local_state.project_root() / EXAMPLE
    if not folder.is_dir():
        raise CommandError(
            f"{folder} is not a folder.", where="--dataset", do="Name a folder with a train.jsonl."
        )
    return run_local(folder, console, keep=args.keep, speed=args.speed)


def _cloud() -> LocalCloud:
    from finetune_local.emulator import LocalCloud  # noqa: PLC0415 - heavy

    return LocalCloud(local_state.folder())


def _show(console: Console) -> int:
    cloud = _cloud()
    status, environment = cloud.admin(command="status"), cloud.environment()
    console.data({"up": True, **status, "environment": environment})
    console.say(f"The local cloud is up at {cloud.endpoint} (process {status['pid']}).")
    console.say("The finetune command finds it by itself. For other AWS tools:\n")
    for name, value in environment.items():
        console.say(f"  export {name}={value}")
    console.say(f"\nDrop a dataset: finetune submit {EXAMPLE} --watch")
    console.say("Stop it:        finetune local down")
    return OK
