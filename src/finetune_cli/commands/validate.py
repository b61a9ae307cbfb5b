"""`finetune validate`: check files of records for a model, every fault with its lines."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli.commands.options import existing_file
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK, CommandError

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_core.validation import Role

ROLES = ("train", "validation", "evaluation")
KINDS = ("fine-tuning", "continued-pre-training", "distillation", "reinforcement-fine-tuning")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("validate", "Check files of records for a base model; nothing is uploaded.", run)
    parser.add_argument("files", nargs="+", type=existing_file, metavar="FILE", help="JSON Lines files")
    parser.add_argument("--model", required=True, metavar="ID", help="base model id (see: finetune models)")
    parser.add_argument(
        "--type", choices=KINDS, default=KINDS[0], help=f"customization type (default {KINDS[0]})"
    )
    parser.add_argument("--role", choices=ROLES, help="what a single file is for (default: told by its name)")
    parser.add_argument("--html", type=Path, metavar="OUT", help="also write the report as an HTML page")


def run(args: Namespace, console: Console) -> int:
    """0 valid (warnings allowed), 1 invalid."""
    from finetune_cli.checking import check_files, model_called, show_report  # noqa: PLC0415
    from finetune_core.validation_report import to_html, to_json  # noqa: PLC0415

    files = by_role(args.files, args.role)
    report = check_files(files, model_called(args.model), args.type)
    if args.html:
        args.html.write_text(to_html(report), encoding="utf-8")
    show_report(report, files, console)
    console.data(json.loads(to_json(report)))
    return OK if report.valid else NO


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
