"""Options and small parsers that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from finetune_cli.errors import CommandError

TYPES = {
    "fine-tuning": "FINE_TUNING",
    "continued-pre-training": "CONTINUED_PRE_TRAINING",
    "distillation": "DISTILLATION",
    "reinforcement-fine-tuning": "REINFORCEMENT_FINE_TUNING",
}
"""Customization types as people and run.json write them, and as Bedrock does."""

STANDARD_INPUT = Path("/dev/stdin")

SERVINGS = ("provisioned_throughput", "on_demand", "auto", "none")


def common() -> argparse.ArgumentParser:
    """The options that every command takes, as a parent parser."""
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("common options")
    group.add_argument(
        "--env",
        metavar="ENV",
        help="dev, prod or local (default: FINETUNE_ENV, else local when a local cloud is up, else dev)",
    )
    group.add_argument("--region", metavar="REGION", help="AWS Region (default: the environment's own)")
    group.add_argument("--json", action="store_true", help="print JSON instead of words")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parent


def run_json(args: argparse.Namespace) -> dict[str, Any]:
    """The keys of run.json that the command line gave."""
    given = {"base_model": args.model, "type": args.type, "serving": args.serving}
    return {key: value for key, value in given.items() if value is not None}


def existing_file(text: str) -> Path:
    """An argparse type: the path of a file that is there and can be read more than once.

    Raises:
        CommandError: it is missing, a folder or a pipe.
    """
    path = readable(text)
    if not path.is_file():
        raise CommandError(f"{text} can be read only once.", where="FILE", do="Save it as a file first.")
    return path


def readable(text: str) -> Path:
    """An argparse type: the path of something to read, a file or a pipe; - is standard input.

    Raises:
        CommandError: it is missing or a folder.
    """
    path = STANDARD_INPUT if text == "-" else Path(text)
    if path.is_dir():
        raise CommandError(f"{text} is a folder.", where="FILE", do="Name a file in it.")
    if not path.exists():
        raise CommandError(f"There is no file {text}.", where="FILE", do="Check the path.")
    return path
