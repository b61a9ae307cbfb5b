"""`finetune runs`: the newest runs in the ledger."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice
from typing import TYPE_CHECKING

from finetune_cli import ledger
from finetune_cli.console import Console, duration
from finetune_cli.errors import OK
from finetune_cli.ledger import Run
from finetune_cli.progress import seconds_between
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands

COLOURS = {"PROMOTED": "green", "FAILED": "red", "REJECTED": "red", "HELD": "yellow", "RUNNING": "cyan"}


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("runs", "List runs, the newest first.", run)
    parser.add_argument("--dataset", default="", metavar="NAME", help="only runs of this dataset")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most this many (default 20)")


def run(args: Namespace, console: Console) -> int:
    """Print the table; 0 even when it is empty."""
    found = list(islice(ledger.newest_runs(connect(args), dataset=args.dataset), args.limit))
    console.data([each.as_dict() for each in found])
    if not found:
        console.note("No runs yet. Drop a dataset: finetune submit FOLDER")
    else:
        header = ("RUN", "DATASET", "STATUS", "OUTCOME", "PHASE", "STARTED", "TOOK")
        console.table(header, [_row(console, each) for each in found])
    return OK


def _row(console: Console, run: Run) -> tuple[str, ...]:
    took = seconds_between(run.started_at, run.finished_at)
    status = console.style(run.status, COLOURS.get(run.status, "bold"))
    began = run.started_at[:19].replace("T", " ")
    return (
        run.run_id,
        run.dataset,
        status,
        run.outcome,
        run.phase,
        began,
        "" if took is None else duration(took),
    )
