"""`finetune split`: one file of records → train, validation and evaluation, by the content of each record."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_cli.commands.options import existing_file
from finetune_cli.commands.validate import KINDS
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK, CommandError

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_core.near_duplicates import Grouping
    from finetune_core.split import SplitPlan
    from finetune_core.validation import Report, Role

CHUNK = 1 << 20
SIDES: tuple[Role, ...] = ("train", "validation", "evaluation")


def add(commands: Commands) -> None:
    """Declare the command."""
    text = "Split records into training, validation and evaluation; copies and near copies stay together."
    parser = commands.add("split", text, run)
    parser.add_argument("file", type=existing_file, metavar="IN", help="JSON lines that the model takes")
    parser.add_argument("--model", required=True, metavar="ID", help="base model; its bounds are kept")
    parser.add_argument("--type", choices=KINDS, help="customization type (default: the model's first)")
    parser.add_argument(
        "--validation",
        type=_fraction,
        default=0.1,
        metavar="SHARE",
        help="share of the records for validation, 0 to 0.5 (default 0.1)",
    )
    parser.add_argument(
        "--evaluation",
        type=_count,
        default=50,
        metavar="N",
        help="records for evaluation (default 50; at most a fifth of all)",
    )
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder for train.jsonl, validation.jsonl, evaluation.jsonl",
    )
    parser.add_argument("--force", action="store_true", help="replace these files if they are there")


def run(args: Namespace, console: Console) -> int:
    """0 split and valid, 1 the records are not valid for the model."""
    from finetune_cli.checking import check_files, model_called  # noqa: PLC0415
    from finetune_cli.conversion.choices import target_of  # noqa: PLC0415
    from finetune_core.near_duplicates import group  # noqa: PLC0415
    from finetune_core.split import plan_split  # noqa: PLC0415

    model = model_called(args.model)
    target = target_of(model, args.type, None)
    files = _files(args)
    grouping = group(partial(_records, args.file))
    plan = plan_split(
        grouping.marks, target.rules, validation_fraction=args.validation, evaluation_records=args.evaluation
    )
    _write(args.file, grouping, plan, files)
    written = {side: path for side, path in files.items() if path.exists()}
    verdict = check_files(written, model, target.kind)
    console.data(_as_dict(args, grouping, plan, verdict))
    _tell(files, grouping, plan, verdict, console)
    return OK if verdict.valid else NO


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 0.5")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return value


def _files(args: Namespace) -> dict[Role, Path]:
    """The three files; the folder is made, and nothing there is overwritten unasked."""
    files = {side: args.out / f"{side}.jsonl" for side in SIDES}
    there = [path for path in files.values() if path.exists()]
    if args.file.resolve() in {path.resolve() for path in there}:
        raise CommandError(
            "IN would be overwritten.", where=str(args.file), do="Name another folder with --out."
        )
    if there and not args.force:
        names = ", ".join(path.name for path in there)
        raise CommandError(f"{names} is there already.", where=str(args.out), do="Add --force to replace it.")
    args.out.mkdir(parents=True, exist_ok=True)
    return files


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(partial(stream.read, CHUNK), b"")


def _records(path: Path) -> Iterator[bytes]:
    from finetune_core.split import records  # noqa: PLC0415

    return records(_chunks(path))


def _write(source: Path, grouping: Grouping, plan: SplitPlan, files: dict[Role, Path]) -> None:
    """Write the training side and those that have records; remove an earlier split's files of the rest."""
    counts: dict[Role, int] = {
        "train": plan.train,
        "validation": plan.validation,
        "evaluation": plan.evaluation,
    }
    kept = [side for side in SIDES if counts[side] or side == "train"]
    for side, path in files.items():
        if side not in kept:
            path.unlink(missing_ok=True)
    with ExitStack() as stack:
        streams = {side: stack.enter_context(files[side].open("wb")) for side in kept}
        for mark, line in zip(grouping.marks, _records(source), strict=True):
            streams[plan.side(mark)].write(line)


def _as_dict(args: Namespace, grouping: Grouping, plan: SplitPlan, verdict: Report) -> dict[str, Any]:
    return {
        "input": str(args.file),
        "model": verdict.model,
        "type": verdict.kind,
        "folder": str(args.out),
        "records": {"train": plan.train, "validation": plan.validation, "evaluation": plan.evaluation},
        "near_duplicates": {
            "compared": grouping.compared,
            "groups": grouping.groups,
            "records": grouping.grouped,
        },
        "notes": list(plan.notes),
        "verdict": {
            "valid": verdict.valid,
            "errors": verdict.errors,
            "warnings": verdict.warnings,
            "counts": verdict.counts,
        },
    }


def _tell(
    files: dict[Role, Path], grouping: Grouping, plan: SplitPlan, verdict: Report, console: Console
) -> None:
    from finetune_cli.checking import show_report  # noqa: PLC0415
    from finetune_core.near_duplicates import MOST_RECORDS  # noqa: PLC0415

    for side, path in files.items():
        count = getattr(plan, side)
        if count:
            console.say(f"{console.mark('done')} {path}  {count:,} records")
    if grouping.groups:
        console.say(
            f"{grouping.grouped:,} near duplicates in {grouping.groups:,} groups; each stays on one side"
        )
    if not grouping.compared:
        console.say(f"Near duplicates were not looked for: there are more than {MOST_RECORDS:,} records.")
    for note in plan.notes:
        console.say(f"{console.mark('waiting')} {note}")
    console.say()
    show_report(verdict, files, console)
