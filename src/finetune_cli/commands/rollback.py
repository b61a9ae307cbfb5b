"""`finetune rollback`: back to the champion before, after showing what that means."""

from __future__ import annotations

import getpass
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from finetune_cli import adapters
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK
from finetune_cli.progress import money
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_aws.rollback import Way
    from finetune_cli.main import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("rollback", "Go back to the model that a dataset's champion replaced.", run)
    parser.add_argument("dataset", metavar="DATASET", help="the dataset whose pointer goes back")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
    parser.add_argument("--keep-endpoint", action="store_true", help="leave the present endpoint running")
    parser.add_argument("--by", default="", metavar="NAME", help="who decides (default: your login name)")
    parser.add_argument("--reason", default="by hand", metavar="TEXT", help="goes into ledger and pointer")


def run(args: Namespace, console: Console) -> int:
    """0 once the old model answers under the pointer, 1 when it was only shown or declined."""
    here = connect(args)
    ledger = adapters.ledger(here)
    from msgspec.structs import asdict, replace  # noqa: PLC0415 - as AWS's libraries, only where AWS is called

    from finetune_aws import rollback  # noqa: PLC0415

    way = rollback.look(args.dataset, here.env, ledger)
    if args.keep_endpoint:
        way = replace(way, removes=())
    _show(console, way)
    if args.dry_run or not adapters.agreed("Go back?", yes=args.yes):
        console.data({"done": False, **asdict(way)})
        console.note("Nothing was changed.")
        return NO
    if not way.endpoint:
        console.note("Making the endpoint again; on AWS this takes 10 minutes and more.")
    request = rollback.Request(args.by or getpass.getuser(), args.reason)
    done = rollback.carry_out(way, request, here.env, ledger, datetime.now(UTC))
    console.data({"done": True, **asdict(done)})
    console.say(f"{done.parameter} names {done.endpoint} (run {done.returns_to}).")
    return OK


def _show(console: Console, way: Way) -> None:
    hourly = way.kind == "provisioned_throughput"
    cost = f", {money(way.hourly)} an hour" if hourly and way.hourly else ""
    steps = [
        ("from", f"run {way.leaves}"),
        ("to", f"run {way.returns_to}, model {way.model_arn}"),
        ("endpoint", f"{way.endpoint} (answers)" if way.endpoint else f"made again ({way.kind}{cost})"),
        ("pointer", f"{way.parameter} (SSM parameter)"),
        *(("delete", arn) for arn in way.removes),
        ("keep", "both custom models"),
    ]
    for label, text in steps:
        console.say(f"  {label:<9} {text}")
