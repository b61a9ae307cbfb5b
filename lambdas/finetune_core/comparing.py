"""Two runs side by side: settings, data, losses, metrics, price. Pure; missing parts are empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from finetune_core.task_metrics import WORDS

Facts = Mapping[str, Any]
"""What a run left in the ledger: its plain attributes and the parsed results of its phases."""
Row = tuple[str, str, str]
"""Label, first run, second run."""

_PLAIN: Final = ("dataset", "status", "outcome", "started_at", "finished_at")


def compare(one: Facts, other: Facts) -> list[tuple[str, list[Row]]]:
    """Return (title, rows) of each part in which at least one run has something to show."""
    parts = {
        "run": _plain,
        "settings": _settings,
        "data": _data,
        "training": _training,
        "evaluation": _evaluation,
        "price": _price,
    }
    told = [(title, _rows(part(one), part(other))) for title, part in parts.items()]
    return [(title, rows) for title, rows in told if rows]


def differs(row: Row) -> bool:
    """Return whether the two runs differ in a row."""
    return row[1] != row[2]


def _rows(one: dict[str, str], other: dict[str, str]) -> list[Row]:
    return [(label, one.get(label, ""), other.get(label, "")) for label in dict.fromkeys([*one, *other])]


def _plain(run: Facts) -> dict[str, str]:
    return {name: str(run[name]) for name in _PLAIN if run.get(name)}


def _settings(run: Facts) -> dict[str, str]:
    settings = (run.get("plan") or {}).get("settings") or {}
    chosen = {name: _text(value) for name, value in settings.items() if name != "hyperparameters"}
    used = (run.get("preflight") or {}).get("hyperparameters") or settings.get("hyperparameters") or {}
    return chosen | {f"hyperparameter {name}": str(value) for name, value in sorted(used.items())}


def _data(run: Facts) -> dict[str, str]:
    found = run.get("validation") or {}
    rows = {f"{name} records": f"{count:,}" for name, count in (found.get("counts") or {}).items()}
    if found.get("tokens"):
        rows["tokens per pass"] = f"{found['tokens']['expected']:,}"
    return rows | {f"fault {code}": f"{count:,}" for code, count in (found.get("faults") or {}).items()}


def _training(run: Facts) -> dict[str, str]:
    found = run.get("training") or {}
    rows = {}
    for name in ("training_loss", "validation_loss", "training_reward", "validation_reward"):
        if found.get(name):
            rows[name.replace("_", " ")] = f"{found[name]['first']:.4f} → {found[name]['last']:.4f}"
    for name, unit in (("steps", ""), ("seconds", " s"), ("trained_tokens", "")):
        if found.get(name) is not None:
            rows[name.replace("_", " ")] = f"{found[name]:,.0f}{unit}"
    return rows


def _evaluation(run: Facts) -> dict[str, str]:
    found = run.get("evaluation") or {}
    if not found:
        return {}
    rows = {"verdict": str(found.get("verdict", "")), "decided by": _metric(str(found.get("metric", "")))}
    for contestant in ("base", "champion", "candidate"):
        for name, value in (found.get(contestant) or {}).items():
            if value is not None and name in (*WORDS, "failed", "latency_ms"):
                rows[f"{contestant}: {_metric(name)}"] = (
                    f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
                )
    if found.get("interval"):
        low, high = found["interval"]
        rows[f"gain over {found.get('opponent', 'base')}, 95 %"] = f"{low:+.4f} to {high:+.4f}"
    return rows


def _price(run: Facts) -> dict[str, str]:
    found = run.get("price") or {}
    rows = {
        name: f"${found[name]:,.2f}" for name in ("low", "expected", "high") if found.get(name) is not None
    }
    if found.get("hourly"):
        rows["endpoint per hour"] = f"${found['hourly']:,.2f}"
    return rows


def _metric(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return f"{len(value)} given" if isinstance(value, list) else str(value)
