"""`finetune local run`: from nothing to a promoted model that has answered, on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_cli import local_cloud, local_state
from finetune_cli.arrival import Arrival
from finetune_cli.commands.report import fetch
from finetune_cli.commands.submit import is_valid
from finetune_cli.console import Console, duration
from finetune_cli.drops import Drop, plan_drop, send
from finetune_cli.errors import NO, OK
from finetune_cli.ledger import Run
from finetune_cli.local_cloud import RunningCloud
from finetune_cli.summary import show_summary
from finetune_cli.surroundings import Surroundings
from finetune_cli.watching import Watcher

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Answer:
    """What the promoted model said to one held-out prompt, and what the dataset says."""

    prompt: str
    reply: str
    reference: str


def run_local(folder: Path, console: Console, *, keep: bool, speed: float | None) -> int:
    """0 when the model was promoted and answered; 1 when the data is invalid or the run ended otherwise."""
    began = time.monotonic()
    drop = plan_drop(folder, dataset="", settings={}, corpus=False)
    if not is_valid(drop, console):
        return NO
    with local_cloud.started(console, keep=keep, speed=speed) as cloud:
        local_cloud.deploy(cloud)
        here = connect_local(cloud)
        raise_quota(cloud, console)
        run = _drop_and_follow(here, drop, cloud, console)
        answer = ask(here, run) if run.status == "PROMOTED" else None
        report = _keep_report(here, run)
    _conclude(run, answer, report, cloud, time.monotonic() - began, console)
    return OK if run.status == "PROMOTED" else NO
