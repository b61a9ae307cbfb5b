"""The report's part about judgement: scores of all contestants, comparisons, slices."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from finetune_core.html import table
from finetune_core.task_metrics import WORDS

Json = dict[str, Any]

_CONTESTANTS: Final = {"base": "base model", "champion": "champion", "candidate": "tuned model"}
_COUNTS: Final = {"latency_ms": "mean latency, ms", "failed": "failed calls", "records": "records"}


def scores(evaluation: Json) -> str:
    """Return the table of all contestants' metrics, the deciding one first, and the comparisons below."""
    shown = {name: evaluation[name] for name in _CONTESTANTS if evaluation.get(name)}
    metric = evaluation["metric"]
    names = [metric, *(name for name in WORDS if name != metric)]
    rows = [
        [WORDS.get(name, name), *(_number(each.get(name)) for each in shown.values())]
        for name in names
        if any(each.get(name) is not None for each in shown.values())
    ]
    rows += [
        [words, *(_number(each.get(name)) for each in shown.values())] for name, words in _COUNTS.items()
    ]
    head = ["", *(_CONTESTANTS[name] for name in shown)]
    why = evaluation.get("metric_reason")
    decided = f"Decided by {WORDS.get(metric, metric)}: {why}. " if why else ""
    sentences = escape(decided + " ".join(_comparisons(evaluation)) + _needed(evaluation))
    return table(head, rows, numbers=range(1, len(head))) + f'<p class="soft">{sentences}</p>'


def slices(evaluation: Json) -> str:
    """Return the table of slices, "" when there are none."""
    parts = evaluation.get("slices") or []
    if not parts:
        return ""
    before = _CONTESTANTS[evaluation["opponent"]]
    rows = [
        [
            part["name"],
            part["records"],
            _number(part["before"]),
            _number(part["now"]),
            "worse" if part["worse"] else "",
        ]
        for part in parts
    ]
    return table(["slice", "records", before, "tuned model", ""], rows, numbers=(1, 2, 3))


def _comparisons(evaluation: Json) -> list[str]:
    said = []
    for each in evaluation.get("comparisons") or []:
        low, high = each["interval"]
        who = _CONTESTANTS[each["opponent"]]
        said.append(f"Against the {who}: {each['gain']:+.4f} (95 % interval {low:+.4f} to {high:+.4f}).")
    return said


def _needed(evaluation: Json) -> str:
    needed = evaluation.get("needed_records")
    if not needed:
        return ""
    return f" Smallest useful sample for a gain of this size: {needed:,} records (80 % power)."


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
