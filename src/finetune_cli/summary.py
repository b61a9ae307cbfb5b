"""How a run ended, on one screen: data, training, comparison with the base, price, what exists now."""

from __future__ import annotations

from typing import Any

from finetune_cli.console import Console
from finetune_cli.ledger import Run
from finetune_cli.progress import arrow, failure_message, money
from finetune_cli.surroundings import pointer

Line = tuple[str, str]


def summary_lines(run: Run, env: str) -> list[Line]:
    """(label, text) pairs; what the run did not get to is left out."""
    if run.status != "PROMOTED":  # what a failed run created was deleted again; the report says what
        return [("report", run.report)] if run.report else []
    lines = [*_data(run.result("validation")), *_training(run.result("training"))]
    lines += [*_evaluation(run.result("evaluation")), *_price(run.result("price")), *_things(run, env)]
    return lines


def show_summary(run: Run, env: str, console: Console) -> None:
    """Print the verdict in colour, the reason when it is not a promotion, and the lines."""
    good = run.status == "PROMOTED"
    console.say()
    title = f"{run.status}" + ("" if good or run.outcome in {"", run.status} else f" ({run.outcome})")
    console.say(f"{console.style(title, 'bold', 'green' if good else 'red')}  {run.run_id}")
    reason = failure_message(run)
    if reason:
        console.say(reason)
    for label, text in summary_lines(run, env):
        console.say(f"  {label:<16} {text}")


def _data(found: dict[str, Any]) -> list[Line]:
    if not found:
        return []
    counts, tokens = found["counts"], found["tokens"]
    return [
        ("records", ", ".join(f"{count:,} {name}" for name, count in counts.items())),
        ("tokens", f"about {tokens['expected']:,} an epoch ({tokens['low']:,} to {tokens['high']:,})"),
    ]


def _training(found: dict[str, Any]) -> list[Line]:
    if not found:
        return []
    what = "reward" if found.get("training_reward") else "loss"
    lines = [(f"training {what}", f"{arrow(found[f'training_{what}'])} in {found['steps']} steps")]
    if found.get(f"validation_{what}"):
        lines.append((f"held-out {what}", f"{arrow(found[f'validation_{what}'])} (first → last reading)"))
    return lines


def _evaluation(found: dict[str, Any]) -> list[Line]:
    if not found or not found.get("base") or not found.get("candidate"):
        return []
    metric = found["metric"]
    base, tuned = found["base"].get(metric), found["candidate"].get(metric)
    if base is None or tuned is None:
        return []
    champion = (found.get("champion") or {}).get(metric)
    before = f"base {base:.3f} → " + (f"champion {champion:.3f} → " if champion is not None else "")
    interval = found.get("interval")
    within = f", 95 % interval of the gain {interval[0]:+.3f} to {interval[1]:+.3f}" if interval else ""
    return [(metric.replace("_", " "), f"{before}tuned {tuned:.3f} on {found['records']} prompts{within}")]


def _price(found: dict[str, Any]) -> list[Line]:
    if not found:
        return []
    hourly = f"; {money(found['hourly'])} an hour while it serves" if found.get("hourly") else ""
    total = f"{money(found['expected'])} ({money(found['low'])} to {money(found['high'])}){hourly}"
    return [("price on AWS", f"{total}, estimated")]


def _things(run: Run, env: str) -> list[Line]:
    """What exists now. What a failed run created was deleted again; its report says what."""
    promoted = run.status == "PROMOTED"
    served = promoted and run.endpoint_arn
    lines = [
        ("custom model", run.model_arn if promoted else ""),
        ("endpoint", run.endpoint_arn if promoted else ""),
        ("pointer", f"{pointer(env, run.dataset)} (SSM parameter)" if served else ""),
        ("report", run.report),
    ]
    return [(label, text) for label, text in lines if text]
