"""The table of large datasets in docs/cost.md is the benchmark's result, and its arithmetic adds up."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cost.md").read_text()
MEASURED = json.loads((ROOT / "benchmarks" / "results" / "any_size.json").read_text())


def test_the_table_holds_what_was_measured():
    for name, figures in MEASURED["functions"].items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        cells = [cell.strip() for cell in row.strip("| ").split("|")][1:]
        shown = ("calls", "seconds", "longest_seconds", "processor_seconds", "peak_mib")
        assert [float(cell) for cell in cells] == [figures[key] for key in shown]
    assert f"{MEASURED['records']:,} records" in PAGE
    assert f"${MEASURED['dollars']['together']:.4f}" in PAGE


def test_the_estimate_for_ten_gigabytes_follows_from_it():
    functions = MEASURED["functions"]
    times = 10e9 / MEASURED["bytes"]
    moved = 10e9 / 85e6
    validating = functions["validate_shard"]["processor_seconds"] * times + moved
    preparing = functions["prepare_shard"]["processor_seconds"] * times + 2 * moved
    told = [int(found) for found in re.findall(r"\| (\d+) s; ", PAGE)]
    assert abs(told[0] - validating) < 2
    assert abs(told[1] - preparing) < 2
    shards = -(-10_000_000_000 // MEASURED["shard_bytes"])
    assert f"in {shards} shards" in PAGE
    dollars = (validating + preparing + 20) * 1769 / 1024 * 0.0000133334
    dollars += (shards * 4 + 6) * 25e-6 + 4 * shards * 5e-6 + 3000 * 0.4e-6
    assert f"**${dollars:.2f}**" in PAGE
