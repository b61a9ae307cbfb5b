"""Following a run until it ends: polls the ledger, and Bedrock while a job trains or an endpoint starts.

The ledger is the truth; Step Functions is asked once in a while, so that a run whose execution died without
a word to the ledger (aborted, timed out) does not leave the watcher waiting for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_cli import ledger, progress
from finetune_cli.console import Console, duration
from finetune_cli.errors import CommandError
from finetune_cli.ledger import Run
from finetune_cli.live_loss import live_loss
from finetune_cli.progress import Live, Step

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

DEAD = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
CLOSING_SECONDS = 120.0
"""How long the ledger may still say RUNNING after its execution has died: `close_run` needs a moment."""


@dataclass
class Watcher:
    """Follows one run, `pause` seconds between polls."""

    here: Surroundings
    console: Console
    pause: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def follow(self, run: Run) -> Run:
        """Show the run's progress until it ends, and return it as it ended.

        Raises:
            CommandError: the execution is dead, and the ledger does not learn of it.
        """
        seen: list[Step] = []
        died_at: float | None = None
        with self._screen() as screen:
            while True:
                steps = progress.describe(run, self._live(run))
                self._show(run, seen, steps, screen)
                seen = steps
                if run.ended:
                    return run
                died_at = self._check_alive(run, died_at)
                self.sleep(self.pause)
                run = ledger.get_run(self.here, run.run_id) or run

    def _screen(self) -> Any:  # noqa: ANN401 - rich's Live, or nothing
        if not self.console.live:
            return nullcontext(None)
        from rich.live import Live as Screen  # noqa: PLC0415 - only on a terminal

        return Screen(console=_rich_console(self.console), refresh_per_second=8, transient=True)

    def _show(self, run: Run, seen: list[Step], steps: list[Step], screen: Any) -> None:  # noqa: ANN401
        if self.console.as_json:
            if seen != steps:
                self.console.data(run.as_dict())
        elif screen is not None:
            screen.update(_renderable(run, steps))
            if run.ended:
                screen.stop()
                show_steps(self.console, steps)
        else:
            for step in progress.changes(seen, steps):
                self.console.say(step_line(self.console, step))

    def _live(self, run: Run) -> Live:
        if run.ended:
            return Live()
        if run.phase == "train":
            return Live(training=self._training(run))
        if run.phase == "serve" and run.endpoint_arn:
            return Live(endpoint_status=self._endpoint_status(run))
        return Live()

    def _training(self, run: Run) -> str:
        bedrock = self.here.client("bedrock")
        try:
            job = bedrock.get_model_customization_job(jobIdentifier=run.job_name)
        except bedrock.exceptions.ResourceNotFoundException:
            return "waiting for a place in the queue"
        stage = progress.training_stage(job)
        loss = live_loss(self.here, run.job_name) if stage == progress.TRAINING else ""
        return " · ".join(part for part in (stage, loss) if part)

    def _endpoint_status(self, run: Run) -> str:
        bedrock = self.here.client("bedrock")
        try:
            if run.endpoint_kind == "on_demand":
                answer = bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=run.endpoint_arn)
            else:
                answer = bedrock.get_provisioned_model_throughput(provisionedModelId=run.endpoint_arn)
        except bedrock.exceptions.ResourceNotFoundException:
            return "deleted"
        return str(answer["status"])

    def _check_alive(self, run: Run, died_at: float | None) -> float | None:
        """When the execution was first seen dead. Raises once the ledger has had time to hear of it."""
        states = self.here.client("stepfunctions")
        status = states.describe_execution(executionArn=run.execution_arn)["status"]
        if status not in DEAD:
            return None
        died_at = self.clock() if died_at is None else died_at
        if self.clock() - died_at > CLOSING_SECONDS:
            raise CommandError(
                f"The execution of run {run.run_id} ended as {status}, but the ledger still says RUNNING.",
                where=run.execution_arn,
                do="Look at the log of the function close_run; the guardian deletes what is left.",
                code=1,
            )
        return died_at


def step_line(console: Console, step: Step) -> str:
    """One phase as one line: mark, name, how long it took, what it found."""
    took = duration(step.seconds) if step.seconds is not None else ""
    return f"{console.mark(step.state)} {step.name:<10} {took:>12}  {step.detail}".rstrip()


def show_steps(console: Console, steps: list[Step]) -> None:
    """All phases, one line each."""
    for step in steps:
        console.say(step_line(console, step))


def _rich_console(console: Console) -> Any:  # noqa: ANN401
    from rich.console import Console as RichConsole  # noqa: PLC0415

    return RichConsole(file=console.err, highlight=False)


def _renderable(run: Run, steps: list[Step]) -> Any:  # noqa: ANN401
    """The phases as a grid with a spinner on the one that runs."""
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    signs = {"done": Text("✓", "green"), "failed": Text("✗", "red"), "waiting": Text("…", "yellow")}
    grid = Table.grid(padding=(0, 1))
    for step in steps:
        sign = signs.get(step.state) or _spinner(Spinner, step.name)
        took = duration(step.seconds) if step.seconds is not None else ""
        grid.add_row(sign, Text(step.name), Text(took, "dim", justify="right"), Text(step.detail))
    return grid


_SPINNERS: dict[str, Any] = {}


def _spinner(kind: Any, name: str) -> Any:  # noqa: ANN401
    """One spinner per phase, kept between polls so that it does not start anew at each."""
    return _SPINNERS.setdefault(name, kind("dots", style="cyan"))
