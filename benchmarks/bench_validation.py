"""Compares full validation with plain decoding of the same files, in one run on one core.

    python benchmarks/bench_validation.py [--megabytes 100] [--rounds 5] [--shape converse …] [--json FILE]
    python benchmarks/validation_tables.py      # the same figures into docs/speed.md

For each shape of data: the typed decode by msgspec alone (the ceiling; also by blocks of lines instead of
line by line), the standard library's json, pydantic's typed decode, our validation with every check on that
the dataset's content needs (`CHECKS`), and the same with two processes over byte ranges. Beside it the checks
that are asked for one by one, and the cold start of the function. The modes take turns, round by round.
Speeds are MB (10^6 bytes of file) per second of processor time, the best of the rounds, so that others on the
machine disturb little; what two processes gain is told by the wall clock (which neighbours do disturb) and by
the share of processor time that is not spent twice. Memory is the peak of a process of its own. The data are
seeded; see `data_validation`.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "lambdas"), str(ROOT)]

from benchmarks import cold_start, switched_checks  # noqa: E402 - the paths come first
from benchmarks.data_validation import SHAPES, Shape, write  # noqa: E402
from benchmarks.plain_decoding import (  # noqa: E402
    decode_blocks,
    decode_json,
    decode_pydantic,
    decode_typed,
)
from benchmarks.validation_tables import HEAD, Row, ruled, section, table_line  # noqa: E402
from finetune_core.blocks import pieces  # noqa: E402
from finetune_core.catalogue import find_model  # noqa: E402
from finetune_core.findings import Spec  # noqa: E402
from finetune_core.model_rules import Model  # noqa: E402
from finetune_core.partials import Partial, merge  # noqa: E402
from finetune_core.validation import offered_rules, scan_range, validate  # noqa: E402

GOALS: Final = {"converse": 0.5, "messages": 0.6, "prompt-completion": 0.6, "pretraining": 0.7}
CHECKS: Final = (
    "UTF-8, byte order mark, line ends, blank and overlong lines",
    "JSON syntax, unknown, missing and repeated keys, types, format of the records",
    "roles and their order, blank texts, reserved strings, addresses and numbers of media",
    "records and files against the model's limits, tokens, records far longer or shorter than the rest",
    "exact duplicates and leakage between files, balance of labels",
)
"""What every run checks. On request alone: media files, near duplicates, secrets and personal data."""


def chunks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from `start` on, a block at a time."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        yield from pieces(file)


def model_of(shape: Shape) -> Model:
    """Return the shape's model."""
    model = find_model(shape.model)
    if model is None:
        raise SystemExit(f"the catalogue lacks {shape.model}")
    return model


def validate_one(path: Path, name: str) -> None:
    """Validate in full."""
    report = validate(chunks(path), model_of(SHAPES[name]), SHAPES[name].kind)
    unexpected = report.counts.keys() - {"too_many_records"}
    if unexpected:
        raise SystemExit(f"the benchmark's data have faults: {report.counts}")


def scan_part(job: tuple[str, str, int, int]) -> tuple[Partial, float]:
    """Scan one byte range in a process of its own; return its processor seconds as well."""
    started = time.process_time()
    path, name, start, stop = job
    shape = SHAPES[name]
    rules = offered_rules(model_of(shape), shape.kind)
    spec = Spec(rules, rules.formats[0], "train", shape.model)
    found = scan_range(chunks(Path(path), max(start - 1, 0)), spec, start, stop)
    return found, time.process_time() - started


def validate_two(path: Path, name: str, pool: ProcessPoolExecutor) -> float:
    """Validate as two shards side by side; return the processor seconds of the busier process and merging."""
    size = path.stat().st_size
    jobs = [(str(path), name, 0, size // 2), (str(path), name, size // 2, size)]
    parts = list(pool.map(scan_part, jobs))
    started = time.process_time()
    merge(part for part, _ in parts)
    return max(seconds for _, seconds in parts) + time.process_time() - started


MODES: Final[dict[str, Callable[[Path, str], None]]] = {
    "typed": decode_typed,
    "typed blocks": decode_blocks,
    "json": decode_json,
    "pydantic": decode_pydantic,
    "ours": validate_one,
}


def timed(run: Callable[[Path, str], None], path: Path, name: str) -> tuple[float, float]:
    """Return processor seconds and wall seconds of one run."""
    processor, wall = time.process_time(), time.perf_counter()
    run(path, name)
    return time.process_time() - processor, time.perf_counter() - wall


def peak_memory(mode: str, path: Path, name: str) -> float:
    """Return the peak resident megabytes of a process that runs one mode once."""
    command = [sys.executable, __file__, "--child", mode, str(path), "--shape", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def compare(name: str, size: int, rounds: int, pool: ProcessPoolExecutor) -> Row:
    """Measure one shape; the modes take turns so that a busy moment hits all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.jsonl"
        write(path, SHAPES[name], size)
        seconds: dict[str, list[float]] = {mode: [] for mode in (*MODES, "wall", "two", "two wall")}
        for _ in range(rounds):
            for mode, run in MODES.items():
                processor, wall = timed(run, path, name)
                seconds[mode].append(processor)
            seconds["wall"].append(wall)  # of the last mode, ours
            started = time.perf_counter()
            seconds["two"].append(validate_two(path, name, pool))
            seconds["two wall"].append(time.perf_counter() - started)
        least = {mode: min(times) for mode, times in seconds.items()}
        megabytes = path.stat().st_size / 1e6
        row = {mode: megabytes / least[mode] for mode in MODES}
        row |= {f"ours / {mode}": least[mode] / least["ours"] for mode in ("typed", "json", "pydantic")}
        row["two processes, processor"] = least["ours"] / least["two"]
        row["two processes, wall"] = least["wall"] / least["two wall"]
        row["memory"] = peak_memory("ours", path, name)
        row["goal"] = GOALS.get(name, GOALS["converse"])
    return row


def surroundings() -> dict[str, Any]:
    """Tell when and where this is measured."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "load_average": [round(value, 2) for value in os.getloadavg()],
        },
        "checks": CHECKS,
    }


def main() -> None:
    """Run the benchmark, or one mode of it for the measurement of memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shape", action="append", choices=SHAPES)
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        MODES[options.child[0]](Path(options.child[1]), options.shape[0])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    size = options.megabytes
    results = surroundings() | {"megabytes": size, "rounds": options.rounds, "shapes": {}}
    print("Checks that are on:", *CHECKS, "", ruled(HEAD), sep="\n")
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for name in options.shape or SHAPES:
            row = compare(name, size * 1_000_000, options.rounds, pool)
            results["shapes"][name] = row
            print(table_line(name, row), flush=True)
    results["switched"] = switched_checks.measure(max(size // 10, 1))
    results["cold_start"] = cold_start.measure()
    print("", section(results), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
