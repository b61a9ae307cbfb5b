"""`finetune retire`: take down the endpoints and custom models of a dataset or run, after listing them."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from finetune_cli import adapters
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK
from finetune_cli.progress import money
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_aws.retiring import Asset
    from finetune_cli.main import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("retire", "Delete the endpoints and custom models of a dataset or run.", run)
    parser.add_argument("name", metavar="DATASET|RUN", help="a dataset, or a run id")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--dry-run", action="store_true", help="only list what would go")
    parser.add_argument("--keep-models", action="store_true", help="delete endpoints only")
    parser.add_argument(
        "--champion", action="store_true", help="also what the pointer names: applications lose their model"
    )


def run(args: Namespace, console: Console) -> int:
    """0 once everything listed is gone (or nothing was there), 1 when it was only shown or declined."""
    here = connect(args)
    ledger = adapters.ledger(here)
    from msgspec.structs import asdict  # noqa: PLC0415 - as AWS's libraries, only where AWS is called

    from finetune_aws import retiring  # noqa: PLC0415

    assets = retiring.look(args.name, here.env, ledger, champion_too=args.champion)
    if args.keep_models:
        assets = [each for each in assets if each.what != "custom_model"]
    going = [each for each in assets if not each.kept]
    _show(console, assets)
    if not going:
        console.data({"deleted": [], "found": [asdict(each) for each in assets]})
        console.note(f"Nothing of {args.name} in environment {here.env} is to be deleted.")
        return OK
    if args.dry_run or not adapters.agreed(f"Delete these {len(going)}?", yes=args.yes):
        console.data({"deleted": [], "found": [asdict(each) for each in assets]})
        console.note("Nothing was deleted.")
        return NO
    deleted = retiring.carry_out(assets, here.env, ledger)
    console.data({"deleted": deleted, "found": [asdict(each) for each in assets]})
    saved = sum(each.per_month for each in going)
    console.say(f"{len(deleted)} deleted; saves {money(saved)} a month.")
    return OK


def _show(console: Console, assets: list[Asset]) -> None:
    rows = [
        (
            f"keep: {each.kept}" if each.kept else "delete",
            each.what.replace("_", " "),
            each.run_id,
            money(each.per_month),
            each.arn,
        )
        for each in assets
    ]
    if rows:
        console.table(("WHAT HAPPENS", "KIND", "RUN", "PER MONTH", "ARN"), rows)
