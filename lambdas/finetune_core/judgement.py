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


def judge(evaluation: Json) -> str:
    """Return the table of a judge's scores per contestant and metric, "" when none was asked."""
    found = evaluation.get("judge")
    if not found:
        return ""
    part = "decides" if found["decides"] else "stands beside the deciding metric"
    told = f"{found['model']} {part}; it was shown {found['records']:,} records"
    told += f", {found['left_out']:,} not. " if found["left_out"] else ". "
    if found["note"]:
        return f'<h3>Judge</h3><p class="soft">{escape(told + found["note"])}</p>'
    shown = {name: found["scores"][name] for name in _CONTESTANTS if name in found["scores"]}
    rows = [["mean of all metrics", *(_number(each["mean"]) for each in shown.values())]]
    rows += [
        [metric, *(_number(each["metrics"].get(metric)) for each in shown.values())]
        for metric in found["metrics"]
    ]
    rows.append(["answers scored", *(_number(each["scored"]) for each in shown.values())])
    rows.append(["without a score (count 0)", *(_number(each["unscored"]) for each in shown.values())])
    head = ["", *(_CONTESTANTS[name] for name in shown)]
    told += (
        "A metric's mean is over the answers scored; in the mean of all metrics, what has no score counts 0 "
    )
    told += "and a metric of something bad 1 - score."
    return f'<h3>Judge</h3>{table(head, rows, numbers=range(1, len(head)))}<p class="soft">{escape(told)}</p>'


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
