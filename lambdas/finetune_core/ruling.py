"""The rules that turn comparisons into PROMOTE, HOLD or REJECT, and the reasons in words.

The first rule that fits decides:
    REJECT   the candidate failed to answer more than ``MOST_FAILURES`` of the prompts
    HOLD     fewer held-out records than the gate's ``minimum_records`` (unless any gain is let through)
    REJECT   clearly worse than its opponent, or clearly worse than the base model
    HOLD     the gain is below the one asked for, no gain over a champion at all, or may be chance
    HOLD     a slice of the records got clearly worse by more than the gate's ``slice_loss``
    PROMOTE
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from finetune_core.contracts import RunSettings
from finetune_core.verdicts import Comparison, Contestant, Score, SliceScore, Verdict

MOST_FAILURES: Final = 0.2
"""Share of failed calls above which a candidate is rejected whatever the other answers are worth."""
_NAMES: Final[Mapping[Contestant, str]] = {
    "base": "the base model",
    "champion": "the champion",
    "candidate": "the candidate",
}


class Facts(Struct, frozen=True, kw_only=True):
    """What was measured. ``comparisons`` begins with the opponent that decides; ``words`` is the metric."""

    words: str
    scores: Mapping[Contestant, Score]
    comparisons: Sequence[Comparison]
    slices: Sequence[SliceScore]
    needed: int | None
    champion_note: str = ""


def rule(facts: Facts, settings: RunSettings) -> tuple[Verdict, list[str]]:
    """Return the verdict and its reasons, the deciding one first."""
    verdict, first = _decide(facts, settings)
    reasons = [first, *_against_base(facts), *_slices(facts, settings), *_notes(facts)]
    return verdict, [reason for reason in dict.fromkeys(reasons) if reason]


def _decide(facts: Facts, settings: RunSettings) -> tuple[Verdict, str]:
    candidate, deciding = facts.scores["candidate"], facts.comparisons[0]
    wanted, found = settings.minimum_gain, _found(facts, deciding)
    if candidate.failed > MOST_FAILURES * candidate.records:
        return "REJECT", f"The candidate failed to answer {candidate.failed} of {candidate.records} prompts."
    fewest = settings.gate.minimum_records
    if candidate.records < fewest and wanted > -1:
        few = f"Only {candidate.records} held-out records: at least {fewest} are needed to say anything"
        return "HOLD", f"{few}; {found}."
    for compared in facts.comparisons:
        if compared.interval[1] < 0 and compared.gain < wanted:
            return "REJECT", _worse(facts, compared)
    held = _held(deciding, found, wanted, facts.needed, candidate.records)
    if held:
        return "HOLD", held
    if any(part.worse for part in facts.slices) and settings.gate.slice_loss is not None:
        names = ", ".join(f'"{part.name}"' for part in facts.slices if part.worse)
        return "HOLD", f"Better on the whole, but clearly worse on {names}: {found}."
    return "PROMOTE", (
        f"The candidate is good enough against {_NAMES[deciding.opponent]}: {found}, asked for {wanted:+.4f}."
    )


def _held(deciding: Comparison, found: str, wanted: float, needed: int | None, records: int) -> str:
    """Return why the gain is not enough, or "" when it is."""
    more = f" About {needed:,} records would show a gain of this size." if needed and needed > records else ""
    if deciding.gain < wanted:
        return f"The gain is below the {wanted:+.4f} asked for: {found}.{more if deciding.gain > 0 else ''}"
    if deciding.opponent == "champion" and wanted >= 0 and deciding.gain <= 0:
        return f"The candidate is no better than the champion, which stays: {found}."
    if deciding.interval[0] < min(0.0, wanted):
        return f"The gain may be chance: {found}.{more}"
    return ""


def _worse(facts: Facts, compared: Comparison) -> str:
    return f"The candidate is worse than {_NAMES[compared.opponent]}: {_found(facts, compared)}."


def _found(facts: Facts, compared: Comparison) -> str:
    low, high = compared.interval
    return f"{facts.words} changed by {compared.gain:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"


def _against_base(facts: Facts) -> list[str]:
    """Return the comparison with the base model where the champion was the one that decided."""
    return [
        f"Against the base model {_found(facts, compared)}."
        for compared in facts.comparisons[1:]
        if compared.opponent == "base"
    ]


def _slices(facts: Facts, settings: RunSettings) -> list[str]:
    if settings.gate.slice_loss is None:
        return []
    return [
        f'Slice "{part.name}" ({part.records} records): {facts.words} fell from {part.before:.4f} '
        f"to {part.now:.4f}."
        for part in facts.slices
        if part.worse
    ]


def _notes(facts: Facts) -> list[str]:
    notes = [facts.champion_note] if facts.champion_note else []
    for name, scored in facts.scores.items():
        if scored.failed:
            who = _NAMES[name]
            notes.append(f"{scored.failed} of {scored.records} calls to {who} failed and count as 0.")
    before = facts.scores[facts.comparisons[0].opponent].json_valid
    now = facts.scores["candidate"].json_valid
    if before is not None and now is not None:
        notes.append(f"Valid JSON: {before:.0%} before, {now:.0%} now.")
    return notes
