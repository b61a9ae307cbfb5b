"""`finetune status`: where one run is, or how it ended."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from finetune_cli import ledger, progress
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK
from finetune_cli.ledger import Run
from finetune_cli.summary import show_summary
from finetune_cli.surroundings import connect
from finetune_cli.watching import Watcher, show_steps

if TYPE_CHECKING:
    from finetune_cli.main import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("status", "Show a run's phases, or follow it to its end.", run)
    parser.add_argument("run", metavar="RUN|DATASET", help="a run id, or a dataset for its newest run")
    parser.add_argument(
        "--watch", action="store_true", help="follow until the run ends; with --json a line a change"
    )
    parser.add_argument(
        "--interval", type=float, default=5.0, metavar="S", help="seconds between looks (default 5)"
    )


def run(args: Namespace, console: Console) -> int:
    """0 promoted (or still running, without --watch), 1 ended otherwise."""
    here = connect(args)
    found = ledger.find_run(here, args.run)
    if args.watch:
        console.note(f"run {found.run_id} of dataset {found.dataset}")
        found = Watcher(here, console, pause=args.interval).follow(found)
    else:
        console.say(f"{console.style(found.run_id, 'bold')}  dataset {found.dataset}  {found.status}")
        show_steps(console, progress.describe(found))
        show_plan(found, console)
        console.data(found.as_dict())
    return conclude(found, here.env, console)


def show_plan(run: Run, console: Console) -> None:
    """Show what a run that goes on will do and cost, and what differs from the run before it."""
    parts = [run.result(name) for name in ("plan", "preflight", "validation", "price")]
    if run.ended or not all(parts):
        return
    from finetune_core import approvals, contracts, costs  # noqa: PLC0415 - status is quick without them

    plan, preflight, validation, price = parts
    where = f"ledger: {run.run_id}"
    lines = approvals.plan_lines(
        contracts.read(plan, contracts.Plan, where=where),
        contracts.read(preflight, contracts.Preflight, where=where),
        contracts.read(validation, contracts.Validation, where=where),
        contracts.read(price, costs.Price, where=where),
    )
    console.say()
    for line in lines:
        console.say(f"  {line}")


def conclude(run: Run, env: str, console: Console) -> int:
    """Say how the run ended, if it has, and give the exit code for it."""
    if not run.ended:
        return OK
    show_summary(run, env, console)
    return OK if run.status == "PROMOTED" else NO
