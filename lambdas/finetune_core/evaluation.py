"""Compares two models' answers to the same held-out prompts and gives a verdict with its reasons.

Answers are paired by record, so that hard and easy prompts weigh on both alike; a failed call scores 0 and
stays in the mean. The interval is a paired percentile bootstrap (B. Efron, R. Tibshirani, "An Introduction
to the Bootstrap", 1993, chapter 13), seeded, so that the same answers always give the same verdict.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

import msgspec

from finetune_core.contracts import Evaluation, Loss, RunSettings, Score, Verdict
from finetune_core.errors import EvaluationFailed

METRIC: Final = "token_f1"
FEWEST_RECORDS: Final = 5
"""Below this a bootstrap interval says nothing, and the verdict is HOLD."""
RESAMPLES: Final = 2000
MOST_FAILURES: Final = 0.2
"""Share of failed calls above which a candidate is rejected whatever the other answers are worth."""

_IDEOGRAM = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAM}]|[^\W{_IDEOGRAM}]+")


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """One line of an answers file: ``answer`` is None when the call failed, ``error`` then says how."""

    record: int
    answer: str | None
    error: str | None = None
    latency_ms: int = 0


def tokens(text: str) -> list[str]:
    """Return the words of ``text`` without case and punctuation; ideographs count one by one."""
    return _TOKEN.findall(text.casefold())


def exact_match(answer: str, reference: str) -> float:
    """Return 1.0 when both say the same but for case, punctuation and blanks."""
    if answer.strip() == reference.strip():
        return 1.0
    words = tokens(answer)
    return float(bool(words) and words == tokens(reference))


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall over the words of answer and reference."""
    given, wanted = tokens(answer), tokens(reference)
    if not given or not wanted:
        return float(answer.strip() == reference.strip())
    common = sum((Counter(given) & Counter(wanted)).values())
    return 2 * common / (len(given) + len(wanted))


def is_json(text: str) -> bool:
    """Return whether ``text`` is a JSON object or array."""
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def score(references: Mapping[int, str], answers: Mapping[int, Answer]) -> Score:
    """Return the means over all records; JSON validity over those whose reference is JSON."""
    said = {record: answers[record].answer for record in references}
    structured = [record for record, text in references.items() if is_json(text)]
    return Score(
        exact_match=fmean(exact_match(said[r] or "", text) for r, text in references.items()),
        token_f1=fmean(per_record(references, answers).values()),
        json_valid=fmean(is_json(said[r] or "") for r in structured) if structured else None,
        failed=sum(text is None for text in said.values()),
        records=len(references),
    )


def per_record(references: Mapping[int, str], answers: Mapping[int, Answer]) -> dict[int, float]:
    """Return each record's token F1; a failed call scores 0, even where the reference is empty."""
    scores = {}
    for record, reference in references.items():
        answer = answers[record].answer
        scores[record] = 0.0 if answer is None else token_f1(answer, reference)
    return scores


def bootstrap(differences: Sequence[float], seed: str, resamples: int = RESAMPLES) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of paired differences."""
    chance = random.Random(seed)  # noqa: S311 - statistics, no secret
    size = len(differences)
    means = sorted(fmean(chance.choices(differences, k=size)) for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]


def judge(
    references: Mapping[int, str],
    base: Mapping[int, Answer],
    candidate: Mapping[int, Answer],
    settings: RunSettings,
    seed: str,
) -> Evaluation:
    """Compare candidate and base record by record.

    Raises:
        EvaluationFailed: answers are missing, or the base model answered nothing at all.
    """
    _complete(references, base, "base")
    _complete(references, candidate, "candidate")
    base_score, candidate_score = score(references, base), score(references, candidate)
    _answered_at_all(base_score, base)
    before, after = per_record(references, base), per_record(references, candidate)
    differences = [after[record] - before[record] for record in references]
    interval = bootstrap(differences, seed)
    verdict, reasons = _verdict(fmean(differences), interval, candidate_score, settings.minimum_gain)
    return Evaluation(
        verdict=verdict,
        reasons=[*reasons, *_notes(base_score, candidate_score)],
        metric=METRIC,
        base=base_score,
        candidate=candidate_score,
        interval=interval,
        records=len(references),
    )


def judge_by_loss(validation: Loss | None, training: Loss | None, why: str) -> Evaluation:
    """Judge a model that no prompt can be sent to, by its validation loss alone.

    Without a validation curve the verdict is HOLD: a training loss says nothing about unseen records.
    """
    if validation is None:
        last = f" (training loss ended at {training.last:.4f})" if training else ""
        return _by_loss("HOLD", [why, f"There is no validation loss to judge by{last}."])
    change = f"validation loss went from {validation.first:.4f} to {validation.last:.4f}"
    if validation.last < validation.first:
        return _by_loss("PROMOTE", [why, f"Judged by loss only: {change}."])
    return _by_loss("REJECT", [why, f"Judged by loss only: {change}, which is no gain."])


def _by_loss(verdict: Verdict, reasons: list[str]) -> Evaluation:
    return Evaluation(
        verdict=verdict,
        reasons=reasons,
        metric="validation_loss",
        base=None,
        candidate=None,
        interval=None,
        records=0,
    )


def _verdict(
    gain: float, interval: tuple[float, float], candidate: Score, wanted: float
) -> tuple[Verdict, list[str]]:
    low, high = interval
    found = f"token F1 changed by {gain:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"
    if candidate.failed > MOST_FAILURES * candidate.records:
        return "REJECT", [
            f"The candidate failed to answer {candidate.failed} of {candidate.records} prompts."
        ]
    if candidate.records < FEWEST_RECORDS and wanted > -1:
        few = (
            f"Only {candidate.records} held-out records: at least {FEWEST_RECORDS} are needed to say anything"
        )
        return "HOLD", [f"{few}; {found}."]
    if high < 0 and gain < wanted:
        return "REJECT", [f"The candidate is worse than the base model: {found}."]
    if gain < wanted:
        return "HOLD", [f"The gain is below the {wanted:+.4f} asked for: {found}."]
    if low < min(0.0, wanted):
        return "HOLD", [f"The gain may be chance: {found}."]
    return "PROMOTE", [f"The candidate is good enough: {found}, asked for {wanted:+.4f}."]


def _notes(base: Score, candidate: Score) -> list[str]:
    notes = []
    for name, scored in (("base model", base), ("candidate", candidate)):
        if scored.failed:
            notes.append(f"{scored.failed} of {scored.records} calls to the {name} failed and count as 0.")
    if base.json_valid is not None and candidate.json_valid is not None:
        notes.append(f"Valid JSON: {base.json_valid:.0%} before, {candidate.json_valid:.0%} now.")
    return notes


def _complete(references: Mapping[int, str], answers: Mapping[int, Answer], name: str) -> None:
    missing = sorted(set(references) - set(answers))
    if missing or not references:
        raise EvaluationFailed(
            f"answers of the {name} are missing for {len(missing)} of {len(references)} records",
            where=f"first missing records: {missing[:5]}",
            remedy="Look at the answers folder of the run and at the log of answer_prompts.",
        )


def _answered_at_all(base: Score, answers: Mapping[int, Answer]) -> None:
    if base.failed == base.records:
        error = next(iter(answers.values())).error
        raise EvaluationFailed(
            f"the base model answered none of {base.records} prompts, so there is nothing to compare with",
            where=f"first error: {error}",
            remedy="Give the account access to the base model in this Region, or set serving to none.",
        )
