"""`finetune submit`: check a folder and drop it into the data bucket, which starts a run."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli.commands.options import SERVINGS, TYPES, run_json
from finetune_cli.console import Console, size
from finetune_cli.errors import NO, OK

if TYPE_CHECKING:
    from finetune_cli.drops import Drop, Dropped
    from finetune_cli.main import Commands
    from finetune_cli.surroundings import Surroundings
    from finetune_core.contracts import RunSettings


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("submit", "Check a folder of data and drop it: this starts a run.", run)
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="holds train.jsonl, and if you like validation.jsonl, evaluation.jsonl, reward.py, run.json",
    )
    parser.add_argument(
        "--dataset", default="", metavar="NAME", help="name of the dataset (default: the folder's)"
    )
    parser.add_argument("--model", metavar="ID", help="base model; laid over run.json")
    parser.add_argument("--type", choices=sorted(TYPES), help="customization type; laid over run.json")
    parser.add_argument("--serving", choices=SERVINGS, help="how the model is served; laid over run.json")
    parser.add_argument("--corpus", action="store_true", help="add to corpora/ for continued pre-training")
    parser.add_argument("--no-validate", action="store_true", help="leave the checking to the pipeline")
    parser.add_argument("--watch", action="store_true", help="follow the run to its end")


def run(args: Namespace, console: Console) -> int:
    """0 dropped (with --watch: promoted), 1 invalid data or a run not promoted."""
    from finetune_cli.checking import check_reward, settings_of  # noqa: PLC0415
    from finetune_cli.drops import plan_drop, send  # noqa: PLC0415
    from finetune_cli.surroundings import connect  # noqa: PLC0415

    drop = plan_drop(args.folder, dataset=args.dataset, settings=run_json(args), corpus=args.corpus)
    here = connect(args)
    if not args.no_validate:
        settings = settings_of(drop, here.env)
        check_reward(drop, settings, here.env)
        if not is_valid(drop, settings, console):
            return NO
    dropped = send(here, drop)
    _tell(dropped, console, json_too=not args.watch)
    return watch(here, dropped, console) if args.watch else OK


def is_valid(drop: Drop, settings: RunSettings, console: Console) -> bool:
    """Check the drop's records as the pipeline will; faults are printed."""
    from finetune_cli.checking import check_drop, data_files, show_report  # noqa: PLC0415
    from finetune_core.validation_report import to_json  # noqa: PLC0415

    report = check_drop(drop, settings)
    if report is None:
        console.note(f"The catalogue does not know {settings.base_model}: the pipeline checks the records.")
        return True
    if report.valid:
        return True
    names = {role: ", ".join(map(str, paths)) for role, paths in data_files(drop).items()}
    show_report(report, names, console)
    console.data(json.loads(to_json(report)))
    console.note(
        "Nothing was uploaded. Repair the records, or leave the checking to the pipeline: --no-validate."
    )
    return False


def _tell(dropped: Dropped, console: Console, *, json_too: bool) -> None:
    for each in dropped.drop.uploads:
        console.say(f"{console.mark('done')} s3://{dropped.bucket}/{each.key}  {size(each.size)}")
    if json_too:
        console.data(dropped.as_dict())
        console.note(f"Follow the run: finetune status {dropped.drop.dataset} --watch")


def watch(here: Surroundings, dropped: Dropped, console: Console) -> int:
    """Wait for the drop's run to appear, follow it to its end; the exit code says whether it was promoted."""
    from finetune_cli.arrival import Arrival  # noqa: PLC0415
    from finetune_cli.commands.status import conclude  # noqa: PLC0415
    from finetune_cli.watching import Watcher  # noqa: PLC0415

    found = Arrival(here, dropped).wait()
    console.note(f"run {found.run_id} of dataset {found.dataset}")
    return conclude(Watcher(here, console).follow(found), here.env, console)
