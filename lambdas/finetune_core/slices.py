"""Slices of the held-out records: a mean can rise while one kind of question gets worse."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any, Final

from finetune_core.paired import bootstrap
from finetune_core.task_metrics import is_json, tokens
from finetune_core.verdicts import SliceScore

FEWEST: Final = 5
"""Records below which a slice says nothing."""
MOST_NAMED: Final = 20
"""Slices that are reported at most, the largest ones first."""
_LENGTHS: Final = ((20, "prompt up to 20 words"), (100, "prompt of 21 to 100 words"))
_LONG: Final = "prompt over 100 words"


def derived(request: Mapping[str, Any], reference: str) -> list[str]:
    """Return the slices that follow from a prompt and its reference: form, length, turns."""
    messages = request.get("messages") or []
    words = sum(len(tokens(block.get("text") or "")) for turn in messages for block in turn["content"])
    length = next((name for limit, name in _LENGTHS if words <= limit), _LONG)
    form = "reference is JSON" if is_json(reference) else "reference is text"
    return [form, length, "several turns" if len(messages) > 1 else "one turn"]


def compare(
    slices: Mapping[int, list[str]],
    before: Mapping[int, float],
    now: Mapping[int, float],
    tolerance: float,
    seed: str,
) -> list[SliceScore]:
    """Return the slices that are neither too small nor the whole set, the largest first.

    A slice is ``worse`` when its mean fell by more than ``tolerance`` and its 95 % interval lies below zero.
    """
    members: dict[str, list[int]] = {}
    for record in before:
        for name in slices.get(record, ()):
            members.setdefault(name, []).append(record)
    told = [
        _slice(name, [(before[record], now[record]) for record in records], tolerance, seed)
        for name, records in members.items()
        if FEWEST <= len(records) < len(before)
    ]
    return sorted(told, key=lambda each: (-each.records, each.name))[:MOST_NAMED]


def _slice(name: str, pairs: list[tuple[float, float]], tolerance: float, seed: str) -> SliceScore:
    differences = [now - before for before, now in pairs]
    worse = fmean(differences) < -tolerance and bootstrap(differences, f"{seed} {name}")[1] < 0
    return SliceScore(
        name=name,
        records=len(pairs),
        before=fmean(before for before, _ in pairs),
        now=fmean(now for _, now in pairs),
        worse=worse,
    )
