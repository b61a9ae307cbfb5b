"""A coverage-guided fuzz run over every format: `python -m tests.fuzz --runs 100000 --seconds 120`.

libFuzzer through atheris changes files byte by byte, keeps those that reach new branches of finetune_core,
and stops at the first that breaks an invariant or takes longer than ten seconds; the file is kept and named.
"""

from __future__ import annotations

import argparse
import atexit
import signal
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["finetune_core"]):
    from tests.fuzz.invariants import SEEDS, WORDS, check


def main() -> None:
    """Write the seeds and the dictionary, then fuzz until a bound is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="files at most (default 100000)")
    parser.add_argument("--seconds", type=int, default=120, help="seconds at most (default 120)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the mutations (default 1)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="finetune-fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS.split()))
    options = {
        "atheris_runs": args.runs,
        "max_total_time": args.seconds,
        "seed": args.seed,
        "max_len": 1200,
        "timeout": 10,
        "dict": words,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], str(corpus), *arguments], check)
    # libFuzzer's alarm goes on ticking while the interpreter ends, and would end it as a crash.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
