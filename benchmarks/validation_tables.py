"""Writes what `bench_validation` measured into docs/speed.md: `python benchmarks/validation_tables.py`."""

import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "speed.md"
RESULT: Final = ROOT / "benchmarks" / "results" / "validation.json"
START: Final = "<!-- measured: benchmarks/validation_tables.py writes this part -->\n"
END: Final = "<!-- end of what was measured -->\n"

STRETCH: Final = 0.75
TWO_GOAL: Final = 1.8
MEMORY_GOAL: Final = 150
START_GOAL: Final = 150
Row = dict[str, float]

HEAD: Final = (
    "| shape | typed MB/s | typed, by blocks | json | pydantic | ours | of typed | goal / stretch | reached"
    f" | of json | of pydantic | two processes, processor / wall (goal {TWO_GOAL})"
    f" | MB (goal {MEMORY_GOAL}) |"
)


def ruled(head: str) -> str:
    """Return a table's head with the rule under it."""
    return f"{head}\n{'|---' * (head.count('|') - 1)}|"


def table_line(name: str, row: Row) -> str:
    """Return one row of the table of shapes: every ratio beside its goal."""
    ratio, goal = row["ours / typed"], row["goal"]
    met = "yes" if ratio >= STRETCH else "goal" if ratio >= goal else "**no**"
    return (
        f"| {name} | {row['typed']:.0f} | {row['typed blocks']:.0f} | {row['json']:.0f}"
        f" | {row['pydantic']:.0f} | {row['ours']:.0f} | **{ratio:.2f}** | {goal} / {STRETCH} | {met}"
        f" | {row['ours / json']:.1f} | {row['ours / pydantic']:.1f}"
        f" | {row['two processes, processor']:.2f} / {row['two processes, wall']:.2f} | {row['memory']:.0f} |"
    )


def verdict(results: dict[str, Any]) -> str:
    """Return, in words, which goals were missed in this measurement."""
    shapes: dict[str, Row] = results["shapes"]
    missed = [name for name, row in shapes.items() if row["ours / typed"] < row["goal"]]
    short = [name for name, row in shapes.items() if row["goal"] <= row["ours / typed"] < STRETCH]
    other = [
        f"two processes by {kind} ({', '.join(slow)})"
        for kind in ("processor", "wall")
        if (slow := [name for name, row in shapes.items() if row[f"two processes, {kind}"] < TWO_GOAL])
    ]
    other += ["memory"] if any(row["memory"] > MEMORY_GOAL for row in shapes.values()) else []
    other += ["cold start of the function"] if results["cold_start"]["function"] > START_GOAL else []
    return (
        f"Goals of speed missed: {', '.join(missed) or 'none'};"
        f" the stretch alone: {', '.join(short) or 'none'}."
        f" Other goals missed: {'; '.join(other) or 'none'}.\n"
    )


def section(results: dict[str, Any]) -> str:
    """Return the generated part of the page."""
    machine, cold = results["machine"], results["cold_start"]
    lines = [
        f"Measured {results['measured_at'][:10]}: {machine['processors']} processors,"
        f" Python {machine['python']},"
        f" load {machine['load_average'][0]} when it began; {results['megabytes']} MB of each shape,"
        f" {results['rounds']} rounds.",
        "",
        ruled(HEAD),
        *(table_line(name, row) for name, row in results["shapes"].items()),
        "",
        verdict(results),
        ruled("| checks on request | MB/s without | MB/s with |"),
        *(
            f"| {name} | {row['without']:.0f} | {row['with']:.1f} |"
            for name, row in results["switched"].items()
        ),
        "",
        ruled(f"| cold start, beyond the interpreter | ms (goal {START_GOAL} for the whole) |"),
        f"| the validator until its first record is judged | {cold['validator']:.0f} |",
        f"| the AWS SDK and the client that reads from S3 | {cold['sdk']:.0f} |",
        f"| the whole: `validate_dataset`, import to first record | {cold['function']:.0f} |",
        f"| the whole, its bytecode taken away | {cold['function_without_bytecode']:.0f} |",
    ]
    return "\n".join(lines) + "\n"


def written(page: str, results: dict[str, Any]) -> str:
    """Return the page with its generated part made anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{section(results)}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(), json.loads(RESULT.read_text())))
