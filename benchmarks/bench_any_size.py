"""Validates a corpus of any size through the Distributed Map, in a local cloud of its own, and prices it.

Makes a seeded corpus for continued pre-training (records of about 21 KB; 2 GB are 94,000 of them, of 100,000
that Titan takes), drops it, and lets the run end at its ceiling of one cent, in the first state after
validation. Seconds and memory are the functions' own on this machine; gigabyte-seconds are priced with the
memory that they are deployed with.

    .venv/bin/python benchmarks/bench_any_size.py [--megabytes 64] [--requested warn] [--save]

Secrets and near duplicates are looked for with `--requested warn` alone, as a run does unless it is told
otherwise: they take many times longer than all other checks (docs/speed.md).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aws_prices import PRICES
from bench_pipeline import deployed
from data_validation import SHAPES, Shape, pretraining, write
from execution_times import read_times

from finetune_cli.console import Console
from finetune_cli.surroundings import Surroundings
from finetune_core.functions import FUNCTIONS

RESULT: Final = Path(__file__).parent / "results" / "any_size.json"
CORPUS: Final = Shape(
    pretraining,
    (56, 57),
    (56, 64),
    english=True,
    model=SHAPES["pretraining"].model,
    kind="continued-pre-training",
)
RUN: Final = {
    "base_model": CORPUS.model,
    "type": CORPUS.kind,
    "serving": "none",
    "budget_usd": 0.01,
    "validation_fraction": 0.02,
}
STEPS: Final = ("Plan shards", "Validate shards", "Merge shards", "Prepare shards", "Join parts")
CHILDREN: Final = ("Validate shards", "Prepare shards")
CHILD_TRANSITIONS: Final = 2
"""State transitions billed per child: its start and its one state."""
STATES_AROUND: Final = 6
MIB: Final = 1024**2
PATIENCE: Final = 900.0


def resize(here: Surroundings, shard_bytes: int) -> None:
    """Give the deployed machine another size of shards."""
    states, machine = here.client("stepfunctions"), here.names["state-machine"]
    text = states.describe_state_machine(stateMachineArn=machine)["definition"]
    sized, count = re.subn(r'("shard_bytes":\s*"\{% )\d+', rf"\g<1>{shard_bytes}", text)
    if count != 1:
        raise SystemExit("The machine's definition no longer names the size of shards once.")
    states.update_state_machine(stateMachineArn=machine, definition=sized)


def run(here: Surroundings, corpus: Path, requested: str) -> str:
    """Drop the corpus and its settings, wait for the end of the run, and give its execution."""
    s3, states, bucket = here.client("s3"), here.client("stepfunctions"), here.names["data-bucket"]
    settings = RUN | {"secrets": requested, "near_duplicates": requested}
    s3.upload_file(str(corpus), bucket, "corpora/any-size/corpus.jsonl")
    s3.put_object(Bucket=bucket, Key="corpora/any-size/run.json", Body=json.dumps(settings).encode())
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(1)
        for one in states.list_executions(stateMachineArn=here.names["state-machine"])["executions"]:
            if one["status"] == "FAILED":
                error = states.describe_execution(executionArn=one["executionArn"]).get("error")
                if error != "OverBudget":
                    raise SystemExit(f"The run ended as {error}, not at its ceiling.")
                return str(one["executionArn"])
    raise SystemExit(f"The run did not end within {PATIENCE:.0f} s.")


def reported(here: Surroundings) -> dict[str, list[float]]:
    """Give the seconds of every call, by function, from the functions' logs."""
    logs, found = here.client("logs"), defaultdict(list)
    pattern = re.compile(r"REPORT .*\tDuration: ([\d.]+) ms")
    for group in logs.describe_log_groups()["logGroups"]:
        name = _function_of(group["logGroupName"])
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        for page in pages:
            for event in page["events"]:
                if name and (seen := pattern.search(event["message"])):
                    found[name].append(float(seen[1]) / 1000)
    return dict(found)


def processes(server: int) -> tuple[dict[str, int], dict[str, float]]:
    """Give the functions' peak resident memory (MiB, the largest process) and processor seconds (the sum).

    Processor seconds do not depend on what else the machine does; they include each process's start.
    """
    memory: dict[str, int] = {}
    work: dict[str, float] = defaultdict(float)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            ticks = (folder / "stat").read_text().rpartition(")")[2].split()
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        variable = next((item for item in variables if item.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")), b"")
        name = _function_of(variable.decode().partition("=")[2])
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        if name and peak and f"PPid:\t{server}\n" in status:
            memory[name] = max(memory.get(name, 0), int(peak[1]) // 1024)
            work[name] += (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return memory, dict(work)


def _function_of(group: str) -> str:
    plain = re.sub(r"[^a-z]", "", group.lower())
    return next((name for name in FUNCTIONS if name.replace("_", "") in plain), "")


def price(calls: dict[str, list[float]]) -> dict[str, float]:
    """Price functions and state transitions of the five steps, in dollars."""
    seconds = {name: sum(calls[name]) * FUNCTIONS[name].memory_mb / 1024 for name in calls}
    children = len(calls["validate_shard"]) + len(calls["prepare_shard"])
    amounts = {
        "functions": sum(seconds.values()) * PRICES["gigabyte_second"].dollars,
        "invocations": sum(map(len, calls.values())) * PRICES["invocation"].dollars,
        "transitions": (children * CHILD_TRANSITIONS + STATES_AROUND) * PRICES["transition"].dollars,
        "puts": 2 * children * PRICES["put"].dollars,
    }
    return amounts | {"together": sum(amounts.values())}


def measure(megabytes: int, shard_mib: int, requested: str) -> dict[str, Any]:
    """Run it all once and give the figures."""
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="any-size-") as folder,
        deployed(Path(folder) / "cloud", console, units=1) as here,
    ):
        corpus = Path(folder) / "corpus.jsonl"
        write(corpus, CORPUS, megabytes * 1_000_000)
        size = corpus.stat().st_size
        resize(here, shard_mib * MIB)
        execution = run(here, corpus, requested)
        times = read_times(here.client("stepfunctions"), execution)
        all_calls = reported(here)
        server = json.loads((Path(folder) / "cloud" / "server.json").read_text())["pid"]
        memory, work = processes(server)
        report = _report(here)
    names = ("plan_shards", "validate_shard", "merge_shards", "prepare_shard", "join_parts")
    calls = {name: all_calls[name] for name in names}
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "load_average": [round(value, 2) for value in os.getloadavg()],
        },
        "bytes": size,
        "records": report["records"],
        "valid": report["valid"],
        "secrets_and_near_duplicates": requested,
        "shard_bytes": shard_mib * MIB,
        "shards": len(calls["validate_shard"]),
        "wall_seconds": round(sum(times.seconds[step] for step in STEPS), 2),
        "step_seconds": {step: round(times.seconds[step], 2) for step in STEPS},
        "functions": {name: _figures(seconds, work[name], memory[name]) for name, seconds in calls.items()},
        "dollars": {name: round(value, 6) for name, value in price(calls).items()},
    }


def _figures(seconds: list[float], work: float, memory: int) -> dict[str, float]:
    return {
        "calls": len(seconds),
        "seconds": round(sum(seconds), 2),
        "longest_seconds": round(max(seconds), 2),
        "processor_seconds": round(work, 2),
        "peak_mib": memory,
    }


def _report(here: Surroundings) -> dict[str, Any]:
    s3, bucket = here.client("s3"), here.names["artifacts-bucket"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="runs/")["Contents"]]
    key = next(key for key in keys if key.endswith("/validation.json"))
    found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def main() -> None:
    """Measure, print, and save if asked to."""
    parser = argparse.ArgumentParser(
        description="Validates a corpus of any size through the Distributed Map."
    )
    parser.add_argument("--megabytes", type=int, default=64, help="size of the corpus (default 64)")
    parser.add_argument("--shard-mib", type=int, default=64, help="size of a shard (default 64)")
    parser.add_argument(
        "--requested", choices=("off", "warn"), default="off", help="secrets, near duplicates"
    )
    parser.add_argument("--save", action="store_true", help=f"write {RESULT.name}")
    chosen = parser.parse_args()
    figures = measure(chosen.megabytes, chosen.shard_mib, chosen.requested)
    text = json.dumps(figures, indent=2)
    print(text)
    if chosen.save:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text + "\n")


if __name__ == "__main__":
    main()
