"""Measures what the pipeline adds to Bedrock's own time, and what one run of it costs on AWS.

Deploys the stacks into a local cloud of its own, drops an example several times and reads the executions'
histories. Bedrock's time is the time inside the states that wait for it (BEDROCK below); all the rest, from
the moment the upload begins, is the pipeline's. The local Bedrock's times are shortened, so the ratio to the
whole run is an upper bound: the seconds are what to read.

    .venv/bin/python benchmarks/bench_pipeline.py [--runs 3] [--dataset examples/instruction-single-turn]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from aws_prices import PRICES
from execution_times import ExecutionTimes, read_times
from run_cost import Counted, count

from finetune_cli import ledger, local_state
from finetune_cli.arrival import Arrival
from finetune_cli.cdk import Assembly, Cdk
from finetune_cli.console import Console
from finetune_cli.drops import plan_drop, send
from finetune_cli.local_cloud import (
    ENV,
    SPEED,
    RunningCloud,
    connect_local,
    deploy,
    log_file,
    raise_quotas,
)
from finetune_cli.stages import Stages
from finetune_cli.surroundings import Surroundings, adopt
from finetune_local.emulator import LocalCloud

EXAMPLE: Final = Path("examples") / "instruction-single-turn"
RESULT: Final = Path(__file__).parent / "results" / "pipeline.json"
MOST_RUNS: Final = 10
PAUSE: Final = 0.5
PATIENCE: Final = 600.0
BEDROCK: Final = (
    "Train and watch",
    "Create provisioned throughput",
    "Wait for provisioned throughput",
    "Get provisioned throughput",
    "Deploy model",
    "Wait for deployment",
    "Answer prompts",
)
"""States in which Bedrock works and the pipeline waits."""
SHOWN: Final = 6


@dataclass(frozen=True)
class Measured:
    """One run: seconds from the beginning of the upload, the execution's own times, what it used."""

    run_id: str
    to_training: float
    total: float
    times: ExecutionTimes
    used: Counted

    @property
    def bedrock(self) -> float:
        """Seconds inside the states that wait for Bedrock."""
        return sum(self.times.seconds.get(name, 0.0) for name in BEDROCK)

    @property
    def overhead(self) -> float:
        """Seconds from drop to promotion that are the pipeline's own."""
        return self.total - self.bedrock

    def as_dict(self) -> dict[str, Any]:
        """One run, for the results file."""
        return {
            "run_id": self.run_id,
            "drop_to_training_seconds": round(self.to_training, 3),
            "drop_to_promotion_seconds": round(self.total, 3),
            "bedrock_seconds": round(self.bedrock, 3),
            "overhead_seconds": round(self.overhead, 3),
            "overhead_ratio": round(self.overhead / self.total, 4),
            "state_seconds": {name: round(value, 3) for name, value in self.times.seconds.items()},
            "used": self.used.as_dict(),
        }


@contextmanager
def deployed(folder: Path, console: Console, *, units: int) -> Iterator[Surroundings]:
    """The stacks in a local cloud of its own, with enough model units for every run's endpoint."""
    root = local_state.project_root()
    assembly = Assembly(Cdk(root, {}, log_file("synth")), local_state.folder() / "cdk.out")
    synth: Future[None] = Future()
    synth.set_result(assembly.synthesise(ENV, lambda _: None))
    with LocalCloud(folder, speed=SPEED) as cloud:
        adopt(cloud.environment())
        running = RunningCloud(cloud, Stages(console), root, assembly, synth)
        deploy(running)
        raise_quotas(running, units, console)
        yield connect_local(running)


def measure(here: Surroundings, dataset: Path, name: str) -> Measured:
    """Drop the folder under a name of its own, wait for the end of its execution, read the history."""
    dropped = send(here, plan_drop(dataset, dataset=name, settings={}, corpus=False))
    run = Arrival(here, dropped, pause=PAUSE).wait()
    states, deadline = here.client("stepfunctions"), time.monotonic() + PATIENCE
    while states.describe_execution(executionArn=run.execution_arn)["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise SystemExit(f"{run.run_id} did not end within {PATIENCE:.0f} s.")
        time.sleep(PAUSE)
    run = ledger.get_run(here, run.run_id) or run
    if run.status != "PROMOTED":
        raise SystemExit(f"{run.run_id} ended as {run.status}: {run.message}")
    times = read_times(states, run.execution_arn)
    return Measured(
        run_id=run.run_id,
        to_training=(times.first_entered["Train and watch"] - dropped.sent_at).total_seconds(),
        total=(times.ended - dropped.sent_at).total_seconds(),
        times=times,
        used=count(here, run, times),
    )


def results(dataset: Path, warm_up: Measured, runs: list[Measured]) -> dict[str, Any]:
    """All figures, with what they were measured on."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "load_average": [round(value, 2) for value in os.getloadavg()],
        },
        "dataset": dataset.name,
        "simulated_seconds_per_second": SPEED,
        "median": {
            "drop_to_training_seconds": round(median(run.to_training for run in runs), 3),
            "overhead_seconds": round(median(run.overhead for run in runs), 3),
            "drop_to_promotion_seconds": round(median(run.total for run in runs), 3),
            "overhead_ratio": round(median(run.overhead / run.total for run in runs), 4),
        },
        # Runs are hours apart on AWS, so every function starts cold: as in the warm-up.
        "one_run_on_aws": warm_up.used.as_dict(),
        "prices": {name: price._asdict() for name, price in PRICES.items()},
        "warm_up": warm_up.as_dict(),
        "runs": [run.as_dict() for run in runs],
    }


def show(found: dict[str, Any], runs: list[Measured]) -> None:
    """Print what the results file holds, shortened."""
    middle, used = found["median"], found["one_run_on_aws"]
    print(f"{len(runs)} runs of {found['dataset']} after one warm-up; medians:")
    print(f"  drop to training start   {middle['drop_to_training_seconds']:8.2f} s")
    print(f"  drop to promotion        {middle['drop_to_promotion_seconds']:8.2f} s")
    print(f"  of which the pipeline's  {middle['overhead_seconds']:8.2f} s")
    print(f"  ratio overhead/total     {middle['overhead_ratio']:8.3f}  (Bedrock's times are shortened)")
    cold = found["warm_up"]
    print(f"  first run, all cold      {cold['drop_to_training_seconds']:8.2f} s to training start,")
    print(f"                           {cold['overhead_seconds']:8.2f} s in all that are the pipeline's")
    seconds = {
        name: median(run.times.seconds.get(name, 0.0) for run in runs)
        for name in runs[0].times.seconds
        if name not in BEDROCK
    }
    print("  most of the pipeline's time:")
    for name, value in sorted(seconds.items(), key=lambda row: -row[1])[:SHOWN]:
        print(f"    {value:6.2f} s  {name}")
    print("One run on AWS, beside Bedrock (us-east-1, no free tier):")
    for name, dollars in used["dollars"].items():
        print(f"  {name:<18} {used.get(name, ''):>10} ${dollars:.6f}")


def main() -> None:
    """Run the benchmark and write its results."""
    parser = argparse.ArgumentParser(description="Overhead and price of the pipeline itself.")
    parser.add_argument("--runs", type=int, default=3, choices=range(1, MOST_RUNS + 1), metavar="N")
    parser.add_argument("--dataset", type=Path, default=EXAMPLE, metavar="FOLDER")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        deployed(Path(folder) / "cloud", Console(), units=args.runs + 1) as here,
    ):
        warm_up = measure(here, args.dataset, "warm-up")
        runs = [measure(here, args.dataset, f"bench-{number}") for number in range(args.runs)]
    found = results(args.dataset, warm_up, runs)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    show(found, runs)
    print(f"Written to {RESULT}")


if __name__ == "__main__":
    main()
