"""Entry point of the `finetune` command: reads the line, runs one command, turns errors into one message."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata

from finetune_cli.commands import (
    approvals,
    compare,
    convert,
    destroy,
    doctor,
    endpoints,
    estimate,
    local,
    models,
    options,
    report,
    retire,
    rollback,
    runs,
    split,
    status,
    submit,
    validate,
)
from finetune_cli.console import Console
from finetune_cli.errors import INTERRUPTED, CommandError, explain

Action = Callable[[argparse.Namespace, Console], int]

COMMANDS = (
    validate,
    convert,
    split,
    models,
    estimate,
    submit,
    runs,
    status,
    report,
    compare,
    approvals,
    endpoints,
    rollback,
    retire,
    destroy,
    doctor,
    local,
)
EPILOG = (
    "Exit codes: 0 fine; 1 the answer is no (invalid data, a run not promoted); "
    "2 wrong usage or broken surroundings."
)


class Commands:
    """The sub-commands of a parser; each command's module adds its own."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._choices = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(self, name: str, help_text: str, action: Action) -> argparse.ArgumentParser:
        """Declare a command that `action` carries out."""
        parser = self._declare(name, help_text, [options.common()])
        parser.set_defaults(action=action)
        return parser

    def group(self, name: str, help_text: str) -> Commands:
        """Declare a word that further commands stand behind."""
        return Commands(self._declare(name, help_text, []))

    def _declare(
        self, name: str, text: str, parents: list[argparse.ArgumentParser]
    ) -> argparse.ArgumentParser:
        return self._choices.add_parser(
            name, help=text, description=text, parents=parents, allow_abbrev=False
        )


class _Version(argparse.Action):
    """`--version`, looked up only when asked for: reading package metadata is slow."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"finetune {metadata.version('bedrock-finetuning-pipeline')}")
        parser.exit(0)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="finetune",
        description="Fine-tune models on Amazon Bedrock: check data, drop it, follow the run.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    commands = Commands(parser)
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `finetune_cli.errors`)."""
    words = sys.argv[1:] if argv is None else argv
    try:
        args = build_parser().parse_args(words)
    except CommandError as error:
        Console(as_json="--json" in words).error(error)
        return error.code
    console = Console(as_json=args.json)
    try:
        return int(args.action(args, console))
    except KeyboardInterrupt:
        console.note("\nStopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe went away (`finetune runs | head -1`): nobody is left to tell.
        console.hang_up()
        return 0
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        explained = explain(
            error, env=args.env or os.environ.get("FINETUNE_ENV", ""), region=args.region or ""
        )
        console.error(explained)
        return explained.code


if __name__ == "__main__":
    sys.exit(main())
