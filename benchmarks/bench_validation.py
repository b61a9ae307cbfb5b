"""Compares full validation with plain decoding of the same files, in one run on one core.

    python benchmarks/bench_validation.py [--megabytes 100] [--rounds 5] [--shape converse …]

For each shape of data: the typed decode by msgspec alone (the ceiling), the standard library's json, our
validation with every check on, and the same with two processes over byte ranges. Prints MB/s (10^6 bytes of
file per second, best of the rounds), the share of the ceiling, and the peak memory of a process that does
nothing else. The data are seeded; see `data_validation`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "lambdas"), str(ROOT)]

import msgspec  # noqa: E402 - the paths come first

from benchmarks.data_validation import SHAPES, Shape, write  # noqa: E402
from finetune_core.catalogue import find_model  # noqa: E402
from finetune_core.findings import Spec  # noqa: E402
from finetune_core.model_rules import Model  # noqa: E402
from finetune_core.partials import Partial, merge  # noqa: E402
from finetune_core.validation import offered_rules, scan_range, validate  # noqa: E402

GOALS: Final = {"converse": 0.5, "messages": 0.6, "prompt-completion": 0.6, "pretraining": 0.7}
Role = Literal["user", "assistant"]


class Block(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Plain Converse content."""

    text: str


class Turn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain Converse message."""

    role: Role
    content: list[Block]


class Converse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain Converse record."""

    schemaVersion: str  # noqa: N815 - the service's key
    system: list[Block]
    messages: list[Turn]


class PlainTurn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message with text."""

    role: Role
    content: str


class Messages(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """System text and messages."""

    system: str
    messages: list[PlainTurn]


class Pair(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Prompt and completion."""

    prompt: str
    completion: str


class Input(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Text for continued pre-training."""

    input: str


TYPES: Final = {"messages": Messages, "prompt-completion": Pair, "pretraining": Input}


def chunks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from `start` on in pieces of 64 KiB."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while piece := file.read(65_536):
            yield piece


def decode_typed(path: Path, name: str) -> None:
    """Decode every line into its type: nothing else can be faster and look at every value."""
    decode = msgspec.json.Decoder(TYPES.get(name, Converse)).decode
    with path.open("rb") as file:
        for line in file:
            decode(line)


def decode_json(path: Path, name: str) -> None:
    """Decode every line with the standard library."""
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


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


def scan_part(job: tuple[str, str, int, int]) -> Partial:
    """Scan one byte range in a process of its own."""
    path, name, start, stop = job
    shape = SHAPES[name]
    rules = offered_rules(model_of(shape), shape.kind)
    spec = Spec(rules, rules.formats[0], "train", shape.model)
    return scan_range(chunks(Path(path), max(start - 1, 0)), spec, start, stop)


def validate_two(path: Path, name: str, pool: ProcessPoolExecutor) -> None:
    """Validate as two shards side by side."""
    size = path.stat().st_size
    jobs = [(str(path), name, 0, size // 2), (str(path), name, size // 2, size)]
    merge(pool.map(scan_part, jobs))


MODES: Final[dict[str, Callable[[Path, str], None]]] = {
    "typed": decode_typed,
    "json": decode_json,
    "ours": validate_one,
}


def best_seconds(run: Callable[[], None], rounds: int) -> float:
    """Return the least time of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(mode: str, path: Path, name: str) -> float:
    """Return the peak resident megabytes of a process that runs one mode once."""
    command = [sys.executable, __file__, "--child", mode, str(path), "--shape", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def compare(name: str, size: int, rounds: int, pool: ProcessPoolExecutor) -> dict[str, float]:
    """Measure one shape; rounds of the modes take turns so that a busy moment hits all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.jsonl"
        write(path, SHAPES[name], size)
        runs = {mode: (lambda run=run: run(path, name)) for mode, run in MODES.items()}
        runs["two"] = lambda: validate_two(path, name, pool)
        best = dict.fromkeys(runs, float("inf"))
        for _ in range(rounds):
            for mode, run in runs.items():
                best[mode] = min(best[mode], best_seconds(run, 1))
        megabytes = path.stat().st_size / 1e6
        result = {mode: megabytes / seconds for mode, seconds in best.items()}
        result |= {f"memory {mode}": peak_memory(mode, path, name) for mode in ("typed", "ours")}
    return result


def import_milliseconds() -> float:
    """Return what importing the validator adds to the interpreter's start."""

    def seconds(code: str) -> float:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "lambdas")}
        command = [sys.executable, "-c", code]
        return best_seconds(lambda: subprocess.run(command, check=True, env=environment) and None, 7)

    return 1000 * (seconds("import finetune_core.validation") - seconds("pass"))


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
    head = f"{'MB/s':18}{'typed':>8}{'json':>8}{'ours':>8}{'of typed':>10}{'goal':>6}{'two':>8}{'MB':>7}"
    print(head)
    results = {}
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for name in options.shape or SHAPES:
            row = compare(name, options.megabytes * 1_000_000, options.rounds, pool)
            results[name] = row
            goal = GOALS.get(name, GOALS["converse"])
            print(
                f"{name:18}{row['typed']:8.0f}{row['json']:8.0f}{row['ours']:8.0f}"
                f"{row['ours'] / row['typed']:10.2f}{goal:6.1f}{row['two']:8.0f}{row['memory ours']:7.0f}",
                flush=True,
            )
    print(f"import of finetune_core.validation: {import_milliseconds():.0f} ms (goal 150)")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
