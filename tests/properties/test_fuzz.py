"""The fuzzer's invariants hold for its seeds, and for what a short coverage-guided run makes of them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.invariants import NAMES, SEEDS, check

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", NAMES)
def test_the_seeds_of_each_format_hold(name: str) -> None:
    mine = [seed for seed in SEEDS if NAMES[seed[0]] == name]
    assert mine
    for seed in mine:
        check(seed)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel here")
def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    """A thousand files at most: `make fuzz` looks longer."""
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("src", "lambdas", "."))
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--runs", "1000", "--seconds", "60"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    executed = re.search(r"Done (\d+)", done.stdout + done.stderr)
    assert executed
    assert int(executed[1]) > len(SEEDS)
