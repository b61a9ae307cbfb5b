"""`finetune report`: fetch a run's HTML report."""

from __future__ import annotations

import webbrowser
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from finetune_cli import ledger
from finetune_cli.console import Console
from finetune_cli.errors import OK, CommandError
from finetune_cli.ledger import Run
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_cli.surroundings import Surroundings


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("report", "Fetch a run's HTML report.", run)
    parser.add_argument("run", metavar="RUN|DATASET", help="a run id, or a dataset for its newest run")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: <run>.html here)"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")


def run(args: Namespace, console: Console) -> int:
    """0 once the file is written."""
    here = connect(args)
    found = ledger.find_run(here, args.run)
    path = args.out or Path(f"{found.run_id}.html")
    fetch(here, found, path)
    console.say(str(path))
    console.data({"run_id": found.run_id, "report": str(path.resolve()), "source": found.report})
    if args.open and not webbrowser.open(path.resolve().as_uri()):
        console.note("There is no browser here; the file is written.")
    return OK


def fetch(here: Surroundings, run: Run, path: Path) -> None:
    """Write the run's report to `path`.

    Raises:
        CommandError: the run has none (yet).
    """
    place = urlsplit(run.report)
    if place.scheme != "s3":
        do = (
            "It is written when the run ends."
            if not run.ended
            else "Look at the log of the function finish_run."
        )
        raise CommandError(f"Run {run.run_id} has no report.", where=f"status {run.status}", do=do)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = here.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
    path.write_bytes(body)
