"""`finetune destroy`: take the pipeline away, with everything that CloudFormation knows nothing about."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from config.environments import ENVIRONMENTS
from finetune_cli import inventory, stack_removal
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK, CommandError
from finetune_cli.progress import money
from finetune_cli.removal import Remover
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.inventory import Resource
    from finetune_cli.main import Commands
    from finetune_cli.stack_removal import Data, Stack
    from finetune_cli.surroundings import Surroundings


def add(commands: Commands) -> None:
    """Declare both commands."""
    commands.add(
        "inventory",
        "List what runs have made and CloudFormation does not know: endpoints, models, jobs.",
        show,
    )
    parser = commands.add("destroy", "Remove what runs have made, then the stacks; data stays.", run)
    parser.add_argument("--yes", action="store_true", help="do not ask (for scripts)")
    parser.add_argument(
        "--keep-stacks", action="store_true", help="remove what runs have made and leave the stacks"
    )
    parser.add_argument(
        "--data",
        action="store_true",
        help="buckets, ledger and key too: datasets, models' artifacts, reports",
    )


def show(args: Namespace, console: Console) -> int:
    """0 always: the list is the answer."""
    here = connect(args)
    found = inventory.inventory(here)
    console.data([each.as_dict() for each in found])
    _list(found, here, console)
    return OK


def run(args: Namespace, console: Console) -> int:
    """0 when all of it is gone, 1 when the answer was no or a commitment holds it."""
    here = connect(args)
    found = inventory.inventory(here)
    stacks = [] if args.keep_stacks else stack_removal.deployed(here)
    data = stack_removal.data_of(here)
    data_goes = not args.keep_stacks and (args.data or not ENVIRONMENTS[here.env].retain_data)
    _list(found, here, console)
    _say_stacks(stacks, data, data_goes, console)
    _refuse_commitments(found)
    if not found and not stacks:
        console.data({"removed": [], "stacks": []})
        return OK
    if not args.yes and not _confirmed(here, console):
        console.say("Nothing was removed.")
        return NO
    _remove(here, found, console)
    if stacks:
        _take_down(here, stacks, data, data_goes, console)
    console.data({"removed": [each.arn for each in found], "stacks": [stack.name for stack in stacks]})
    return OK


def _list(found: list[Resource], here: Surroundings, console: Console) -> None:
    if not found:
        console.say(f"Runs of environment {here.env} have left nothing in {here.region}.")
        return
    console.table(
        ("KIND", "NAME", "STATUS", "DATASET", "PER HOUR", "COMMITTED UNTIL"), [_row(each) for each in found]
    )
    hourly = sum(each.hourly or 0.0 for each in found)
    console.say(f"{len(found)} things outside of CloudFormation, together {money(hourly)} an hour")


def _row(each: Resource) -> tuple[str, ...]:
    hourly = "unknown" if each.hourly is None else (money(each.hourly) if each.hourly else "")
    return each.kind, each.name, each.status, each.dataset, hourly, each.committed_until[:19]


def _say_stacks(stacks: list[Stack], data: Data, data_goes: bool, console: Console) -> None:
    for stack in stacks:
        protected = (
            " (termination protection is on; it is lifted once you confirm)" if stack.protected else ""
        )
        console.say(f"stack {stack.name}{protected}")
    fate = "DELETED with all they hold" if data_goes else "kept"
    if stacks and data.buckets:
        console.say(f"buckets {', '.join(data.buckets)}, ledger and key: {fate}")


def _refuse_commitments(found: list[Resource]) -> None:
    held = [each for each in found if each.committed_until]
    if held:
        raise CommandError(
            f"{len(held)} endpoint(s) are under a commitment that Bedrock does not end early: "
            + ", ".join(f"{each.name} until {each.committed_until[:19]}" for each in held),
            where="Provisioned Throughput",
            do="Nothing was removed. Run the command again after that time; until then it is billed.",
            code=NO,
        )


def _confirmed(here: Surroundings, console: Console) -> bool:
    if console.as_json:
        raise CommandError("With --json nobody can be asked.", do="Add --yes.")
    try:
        return input(f"Type {here.env} to remove all of this: ").strip() == here.env
    except EOFError:
        raise CommandError("Nobody is there to confirm.", do="Add --yes, or run it in a terminal.") from None


def _remove(here: Surroundings, found: list[Resource], console: Console) -> None:
    """Executions first, so that nothing new comes; then look again, for what came since the list was made."""
    remover = Remover(here)
    done: set[str] = set()
    executions = [each for each in found if each.kind == inventory.EXECUTION]
    for each in executions:
        remover.remove(each)
    for each in [*executions, *inventory.inventory(here)] if executions else found:
        if each.kind != inventory.EXECUTION:
            remover.remove(each)
        if each.arn not in done:
            console.say(f"{console.mark('done')} {each.kind} {each.name}")
            done.add(each.arn)


def _take_down(
    here: Surroundings, stacks: list[Stack], data: Data, data_goes: bool, console: Console
) -> None:
    def tell(words: str) -> None:
        console.say(f"{console.mark('done')} {words}")

    storage = [stack for stack in stacks if stack.name.endswith("-Storage")]
    stack_removal.remove_stacks(here, [stack for stack in stacks if stack not in storage], tell)
    # A drop may have started a run while all this went on; now nothing can any more.
    _remove(here, inventory.inventory(here), console)
    if data_goes:
        stack_removal.empty_buckets(here, data.buckets, tell)
    stack_removal.remove_stacks(here, storage, tell)
    if data_goes and ENVIRONMENTS[here.env].retain_data:
        stack_removal.remove_data(here, data, tell)
