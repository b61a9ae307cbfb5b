"""`finetune validate`: check files of records for a model and tell every fault; repair them if asked."""

from __future__ import annotations

import argparse
import json
import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli.commands.options import readable
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK, CommandError

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_core.model_rules import Model
    from finetune_core.validation import Report, Role

ROLES = ("train", "validation", "evaluation")
STANDARD_OUTPUT = Path("/dev/stdout")
KINDS = ("fine-tuning", "continued-pre-training", "distillation", "reinforcement-fine-tuning")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("validate", "Check files of records for a base model; nothing is uploaded.", run)
    parser.add_argument(
        "files", nargs="+", type=readable, metavar="FILE", help="JSON Lines files; - is standard input"
    )
    parser.add_argument("--model", required=True, metavar="ID", help="base model id (see: finetune models)")
    parser.add_argument(
        "--type", choices=KINDS, default=KINDS[0], help=f"customization type (default {KINDS[0]})"
    )
    parser.add_argument("--role", choices=ROLES, help="what a single file is for (default: told by its name)")
    parser.add_argument(
        "--processes",
        type=_processes,
        metavar="N",
        help="processes that share each file (default: one; for large files as many as there are processors)",
    )
    _add_outputs(parser)
    _add_requests(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", type=Path, metavar="OUT", help="also write the report as an HTML page")
    parser.add_argument(
        "--lines", type=Path, metavar="OUT", help="also write the numbers of all faulty lines, tab-separated"
    )
    parser.add_argument(
        "--examples", type=_count, default=5, metavar="N", help="examples of each fault (default 5)"
    )
    parser.add_argument(
        "--fix",
        type=Path,
        metavar="OUT",
        help="write a repaired copy of a single file and OUT.changes.jsonl, which tells what was changed "
        "or dropped in each line; the report is then on the copy",
    )


def _add_requests(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("checks on request")
    group.add_argument(
        "--near-duplicates",
        default="off",
        choices=("off", "warn", "block"),
        help="also look for records that say nearly the same, in and across files; block makes them errors",
    )
    group.add_argument(
        "--secrets",
        default="off",
        choices=("off", "warn", "block"),
        help="also look for likely secrets and personal data; block makes them errors",
    )
    group.add_argument(
        "--media-root",
        type=Path,
        metavar="DIR",
        help="also look at images, videos and documents: s3://BUCKET/KEY is DIR/BUCKET/KEY or DIR/KEY",
    )


def run(args: Namespace, console: Console) -> int:
    """0 valid (warnings allowed), 1 invalid."""
    from finetune_cli.checking import model_called, show_report  # noqa: PLC0415
    from finetune_core.validation_report import to_html, to_json, to_lines  # noqa: PLC0415

    model = model_called(args.model)
    files = by_role(args.files, args.role)
    _check_paths(args)
    report = _fixed(args, files, model, console) if args.fix else _checked(args, files, model)
    if args.html:
        args.html.write_text(to_html(report), encoding="utf-8")
    if args.lines:
        args.lines.write_text(to_lines(report), encoding="utf-8")
    with console.listened_to():
        show_report(report, dict.fromkeys(files, args.fix) if args.fix else files, console)
        console.data(json.loads(to_json(report)))
    return OK if report.valid else NO


def _check_paths(args: Namespace) -> None:
    """Refuse to write over what is read, and to read a pipe twice.

    Raises:
        CommandError: naming the option.
    """
    taken = {path.resolve(): path for path in args.files}
    for name, out in _outputs(args):
        if out.resolve() in taken and out not in (Path(os.devnull), STANDARD_OUTPUT):
            said = f"{out} is a file of this command already."
            raise CommandError(said, where=name, do="Name another file: it would be overwritten.")
        taken[out.resolve()] = out
    again = [name for name, value in _rereading(args) if value]
    for path in args.files:
        if again and not path.is_file():
            said = f"{path} can be read only once, {again[0]} reads it again."
            raise CommandError(said, where=again[0], do="Save it as a file first.")


def _outputs(args: Namespace) -> list[tuple[str, Path]]:
    from finetune_cli.repairing import changes_beside  # noqa: PLC0415

    fixed = [("--fix", args.fix), ("--fix", changes_beside(args.fix))] if args.fix else []
    return [(name, out) for name, out in (*fixed, ("--html", args.html), ("--lines", args.lines)) if out]


def _rereading(args: Namespace) -> tuple[tuple[str, bool], ...]:
    near = args.near_duplicates != "off"
    return ("--fix", bool(args.fix)), ("--near-duplicates", near), ("--media-root", bool(args.media_root))


def _checked(args: Namespace, files: dict[Role, Path], model: Model) -> Report:
    from finetune_cli.checking import check_files  # noqa: PLC0415
    from finetune_cli.requested import Requests  # noqa: PLC0415

    requests = Requests(near_duplicates=args.near_duplicates, media_root=args.media_root)
    also = requests.checks(files, model, args.type) if requests.any else None
    return check_files(
        files,
        model,
        args.type,
        examples=args.examples,
        secrets=args.secrets,
        processes=args.processes,
        also=also,
    )


def _fixed(args: Namespace, files: dict[Role, Path], model: Model, console: Console) -> Report:
    """Repair the one file; return the report on the copy."""
    import msgspec  # noqa: PLC0415

    from finetune_cli.checking import check_files  # noqa: PLC0415
    from finetune_cli.repairing import repair_file, show_repair  # noqa: PLC0415

    if len(files) > 1:
        raise CommandError("--fix repairs a single file.", where="--fix", do="Repair the files one by one.")
    role, path = next(iter(files.items()))
    before = check_files(files, model, args.type, processes=args.processes)
    repair = repair_file(path, args.fix, model=model, kind=args.type, role=role, before=before)
    show_repair(repair, console)
    return msgspec.structs.replace(_checked(args, {role: args.fix}, model), repair=repair)


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 to 10000")
    return int(text)


def _processes(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 64")
    return value


def by_role(files: list[Path], role: Role | None) -> dict[Role, Path]:
    """Which file plays which role.

    Raises:
        CommandError: two files for one role, or `--role` with several files.
    """
    from finetune_cli.checking import role_of  # noqa: PLC0415

    if role and len(files) > 1:
        raise CommandError(
            "--role is for a single file.", where="--role", do="Give one file, or leave it out."
        )
    found: dict[Role, Path] = {}
    for path in files:
        mine = role or role_of(path)
        if mine in found:
            raise CommandError(
                f"{found[mine]} and {path} both look like the {mine} file.",
                where="FILE",
                do="Call them train.jsonl, validation.jsonl and evaluation.jsonl, or check them one by one.",
            )
        found[mine] = path
    return found
