"""`finetune doctor`: whether account and deployment are ready for a run, and what to do if not."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from finetune_cli.console import Console
from finetune_cli.errors import NO, OK
from finetune_cli.health import examine
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands

MARKS = {"fine": "done", "attention": "waiting", "broken": "failed", "unknown": "waiting"}


def add(commands: Commands) -> None:
    """Declare the command."""
    commands.add("doctor", "Check account and deployment: is everything ready for a run?", run)


def run(args: Namespace, console: Console) -> int:
    """Print one line a check; 1 when one is broken."""
    answers = []
    for answer in examine(connect(args)):
        answers.append(answer)
        console.say(f"{console.mark(MARKS[answer.state])} {answer.check:<14} {answer.finding}")
        if answer.remedy:
            console.say(f"  {'':<14} do: {answer.remedy}")
    console.data([asdict(answer) for answer in answers])
    return NO if any(answer.state == "broken" for answer in answers) else OK
