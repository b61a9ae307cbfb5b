"""`finetune compare`: two runs side by side."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from finetune_cli import ledger
from finetune_cli.console import Console
from finetune_cli.errors import OK
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add(
        "compare", "Show two runs side by side: settings, data, losses, metrics, price.", run
    )
    for name in ("one", "other"):
        parser.add_argument(name, metavar="RUN|DATASET", help="a run id, or a dataset for its newest run")
    parser.add_argument("--differences", action="store_true", help="only the rows in which they differ")


def run(args: Namespace, console: Console) -> int:
    """0 once both are shown."""
    from finetune_core.comparing import compare, differs  # noqa: PLC0415 - only this command needs it

    here = connect(args)
    one, other = (ledger.find_run(here, name) for name in (args.one, args.other))
    parts = compare(one.as_dict(), other.as_dict())
    if args.differences:
        parts = [(title, [row for row in rows if differs(row)]) for title, rows in parts]
    console.data({title: {label: [left, right] for label, left, right in rows} for title, rows in parts})
    rows = [(f"{title}: {label}", left, right) for title, lines in parts for label, left, right in lines]
    console.table(("", one.run_id, other.run_id), rows)
    return OK
