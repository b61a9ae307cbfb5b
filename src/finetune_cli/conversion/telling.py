"""What a conversion did, for programs and for people."""

from __future__ import annotations

from typing import Any, Final

from finetune_cli.checking import show_report
from finetune_cli.console import Console, size
from finetune_cli.conversion.engine import Order, Result
from finetune_core.model_rules import Model
from finetune_core.records import NAMES
from finetune_core.validation import Report

COLOURS: Final = {"dropped": "red", "to do": "yellow", "lost": "yellow", "changed": "dim"}


def as_dict(order: Order, model: Model, result: Result, verdict: Report | None) -> dict[str, Any]:
    """The report for `--json`; `verdict` is null when nothing was written."""
    judged = verdict and {
        "valid": verdict.valid,
        "errors": verdict.errors,
        "warnings": verdict.warnings,
        "counts": verdict.counts,
    }
    return {
        "input": str(order.path),
        "container": result.container,
        "formats": dict(result.sources),
        "model": model.id,
        "type": order.target.kind,
        "format": order.target.format,
        "output": str(order.out) if result.written else None,
        "records": {"read": result.read, "written": result.written, "dropped": result.dropped},
        "losses": result.losses,
        "losses_file": str(order.losses) if result.losses else None,
        "media": {"folder": str(order.media), "prefix": order.media_prefix, "files": result.media},
        "verdict": judged,
    }


def tell(order: Order, model: Model, result: Result, verdict: Report | None, console: Console) -> None:
    """The report for people: what was read and written, every kind of loss, the validator's word."""
    kinds = [f"{NAMES[name]} ({count:,})" for name, count in result.sources.most_common()]
    console.say(
        f"{order.path}: {_count(result.read, 'record')}, read as {', '.join(kinds) or 'nothing known'}"
    )
    if result.written:
        wrote = f"{_count(result.written, 'record')} as {NAMES[order.target.format]} for {model.name}"
        console.say(f"{console.mark('done')} {order.out}  {size(order.out.stat().st_size)}: {wrote}")
    else:
        console.say(f"{console.mark('failed')} No record could be converted; nothing was written.")
    if result.dropped:
        console.say(f"{console.mark('failed')} {_count(result.dropped, 'record')} left out, see below")
    _tell_losses(order, result, console)
    if result.media:
        command = f"aws s3 cp --recursive {order.media} {order.media_prefix}"
        console.say(f"Upload {_count(len(result.media), 'file')}: {command}")
    if verdict:
        console.say()
        show_report(verdict, {"train": order.out}, console)


def _tell_losses(order: Order, result: Result, console: Console) -> None:
    if not result.losses:
        console.say("Nothing was lost or changed.")
        return
    for loss in result.losses:
        head = f"{loss['effect']}, {_count(loss['count'], 'time')}: {loss['meaning']}"
        console.say("\n" + console.style(head, COLOURS[loss["effect"]]))
        if "keys" in loss:
            console.say("    " + ", ".join(f"{key} ({count:,})" for key, count in loss["keys"].items()))
        for example in loss["examples"]:
            value = " ".join(example.get("value", "").split())
            console.say(f"    line {example['line']}, {example['path']}  {value}".rstrip())
    console.say(f"\nAll of them, one a line: {order.losses}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
