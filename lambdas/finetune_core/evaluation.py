"""Compares models' answers to the same held-out prompts and gives a verdict with its reasons.

Answers are paired by record, so that hard and easy prompts weigh on all alike; a failed call scores 0 and
stays in the mean. The candidate is held against the champion where there is one that answers, else against
the base model; in both cases it must not be clearly worse than the base model.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Final

import msgspec
from msgspec.structs import replace

from finetune_core import slices, task_metrics
from finetune_core.contracts import Loss, RunSettings, Training
from finetune_core.errors import EvaluationFailed
from finetune_core.paired import bootstrap, needed_records
from finetune_core.ruling import Facts, rule
from finetune_core.task_metrics import METRICS, WORDS, is_json
from finetune_core.verdicts import Comparison, Contestant, Evaluation, Score, Verdict

CHOSEN: Final = "the settings ask for it"


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """One line of an answers file: ``answer`` is None when the call failed, ``error`` then says how.

    ``reward`` is what the reward function gave, in its own scale; None where it was not asked or failed.
    """

    record: int
    answer: str | None
    error: str | None = None
    latency_ms: int = 0
    reward: float | None = None
    reward_error: str | None = None


Answers = Mapping[int, Answer]
"""Record number → answer."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round of the same questions to all contestants.

    ``references`` and ``slices`` are by record number; ``champion`` is None when there is none that answers,
    ``champion_note`` then says why, if there is a champion at all.
    """

    references: Mapping[int, str]
    base: Answers
    candidate: Answers
    champion: Answers | None = None
    champion_run: str = ""
    champion_note: str = ""
    slices: Mapping[int, list[str]] = msgspec.field(default_factory=dict)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured: each contestant's means, and its values of the deciding metric by record.

    ``words`` is the metric as people write it, ``why`` the reason for taking it.
    """

    metric: str
    words: str
    why: str
    scores: Mapping[Contestant, Score]
    values: Mapping[Contestant, Mapping[int, float]]


def score(references: Mapping[int, str], answers: Answers) -> Score:
    """Return the means over all records; JSON's over those whose reference is JSON."""
    said = {record: answers[record] for record in references}
    structured = [record for record, text in references.items() if is_json(text)]
    labels = task_metrics.are_labels(references.values())

    def mean(metric: str) -> float:
        return fmean(per_record(references, answers, metric).values())

    return replace(
        calls(references, answers),
        exact_match=mean("exact_match"),
        token_f1=mean("token_f1"),
        rouge_l=mean("rouge_l"),
        json_valid=fmean(is_json(said[r].answer or "") for r in structured) if structured else None,
        field_accuracy=mean("field_accuracy") if structured else None,
        label_accuracy=mean("label_accuracy") if labels else None,
    )


def calls(references: Mapping[int, str], answers: Answers) -> Score:
    """Return how many calls were made and failed, and the mean latency of those that answered."""
    said = [answers[record] for record in references]
    times = [answer.latency_ms for answer in said if answer.answer is not None]
    return Score(
        failed=sum(answer.answer is None for answer in said),
        records=len(said),
        latency_ms=round(fmean(times)) if times else 0,
    )


def per_record(references: Mapping[int, str], answers: Answers, metric: str) -> dict[int, float]:
    """Return each record's metric; a failed call scores 0, even where the reference is empty."""
    measure = METRICS[metric]
    scores = {}
    for record, reference in references.items():
        answer = answers[record].answer
        scores[record] = 0.0 if answer is None else measure(answer, reference)
    return scores


def judge(asked: Round, settings: RunSettings, seed: str) -> Evaluation:
    """Compare the candidate with champion and base model record by record.

    Raises:
        EvaluationFailed: answers are missing, or the base model answered nothing at all.
    """
    return decide(asked, measure(asked, settings), settings, seed)


def measure(asked: Round, settings: RunSettings) -> Measured:
    """Hold all contestants' answers against the reference answers.

    Raises:
        EvaluationFailed: answers are missing.
    """
    asked_all = contestants(asked)
    metric, why = _metric(asked, settings)
    return Measured(
        metric=metric,
        words=WORDS[metric],
        why=why,
        scores={name: score(asked.references, answers) for name, answers in asked_all.items()},
        values={name: per_record(asked.references, answers, metric) for name, answers in asked_all.items()},
    )


def decide(asked: Round, found: Measured, settings: RunSettings, seed: str) -> Evaluation:
    """Give the verdict on what was measured.

    Raises:
        EvaluationFailed: the base model answered nothing at all.
    """
    scores, values = found.scores, found.values
    _answered_at_all(scores["base"], asked.base)
    opponents: list[Contestant] = ["champion", "base"] if "champion" in scores else ["base"]
    comparisons = [_compare(name, values, seed) for name in opponents]
    opponent = opponents[0]
    tolerance = settings.gate.slice_loss
    parts = slices.compare(
        asked.slices, values[opponent], values["candidate"], 1.0 if tolerance is None else tolerance, seed
    )
    facts = Facts(
        words=found.words,
        scores=scores,
        comparisons=comparisons,
        slices=parts,
        needed=needed_records(_differences(opponent, values), comparisons[0].gain),
        champion_note=asked.champion_note,
    )
    verdict, reasons = rule(facts, settings)
    return Evaluation(
        verdict=verdict,
        reasons=reasons,
        metric=found.metric,
        metric_reason=found.why,
        base=scores["base"],
        champion=scores.get("champion"),
        champion_run=asked.champion_run,
        candidate=scores["candidate"],
        opponent=opponent,
        interval=comparisons[0].interval,
        comparisons=comparisons,
        slices=parts,
        records=len(asked.references),
        needed_records=facts.needed,
    )


def contestants(asked: Round) -> dict[Contestant, Answers]:
    """Return every contestant's answers.

    Raises:
        EvaluationFailed: some are missing.
    """
    found: dict[Contestant, Answers] = {"base": asked.base, "candidate": asked.candidate}
    if asked.champion is not None:
        found["champion"] = asked.champion
    for name, answers in found.items():
        _complete(asked.references, answers, name)
    return found


def _metric(asked: Round, settings: RunSettings) -> tuple[str, str]:
    if settings.gate.metric != "auto":
        return settings.gate.metric, CHOSEN
    return task_metrics.choose(asked.references.values())


def _differences(opponent: Contestant, values: Mapping[Contestant, Mapping[int, float]]) -> list[float]:
    now, before = values["candidate"], values[opponent]
    return [now[record] - before[record] for record in now]


def _compare(opponent: Contestant, values: Mapping[Contestant, Mapping[int, float]], seed: str) -> Comparison:
    differences = _differences(opponent, values)
    return Comparison(opponent=opponent, gain=fmean(differences), interval=bootstrap(differences, seed))


def judge_unasked(training: Training, why: str) -> Evaluation:
    """Judge a model that no prompt can be sent to: by its validation reward, else by its validation loss."""
    rewards = training.validation_reward
    if rewards is None:
        if training.training_reward is not None:
            return _by_curve("validation_reward", "HOLD", [why, "There is no validation reward to judge by."])
        return judge_by_loss(training.validation_loss, training.training_loss, why)
    change = f"validation reward went from {rewards.first:.4f} to {rewards.last:.4f}"
    if rewards.last > rewards.first:
        return _by_curve("validation_reward", "PROMOTE", [why, f"Judged by reward only: {change}."])
    return _by_curve("validation_reward", "REJECT", [why, f"Judged by reward only: {change}: no gain."])


def judge_by_loss(validation: Loss | None, training: Loss | None, why: str) -> Evaluation:
    """Judge a model that no prompt can be sent to, by its validation loss alone.

    Without a validation curve the verdict is HOLD: a training loss says nothing about unseen records.
    """
    if validation is None or validation.first == validation.last:  # one value is no curve
        last = f" (training loss ended at {training.last:.4f})" if training else ""
        return _by_loss("HOLD", [why, f"There is no validation curve to judge by{last}."])
    change = f"validation loss went from {validation.first:.4f} to {validation.last:.4f}"
    if validation.last < validation.first:
        return _by_loss("PROMOTE", [why, f"Judged by loss only: {change}."])
    return _by_loss("REJECT", [why, f"Judged by loss only: {change}, which is no gain."])


def _by_loss(verdict: Verdict, reasons: list[str]) -> Evaluation:
    return _by_curve("validation_loss", verdict, reasons)


def _by_curve(metric: str, verdict: Verdict, reasons: list[str]) -> Evaluation:
    return Evaluation(
        verdict=verdict,
        reasons=reasons,
        metric=metric,
        base=None,
        candidate=None,
        interval=None,
        records=0,
    )


def _complete(references: Mapping[int, str], answers: Answers, name: str) -> None:
    missing = sorted(set(references) - set(answers))
    if missing or not references:
        raise EvaluationFailed(
            f"answers of the {name} are missing for {len(missing)} of {len(references)} records",
            where=f"first missing records: {missing[:5]}",
            remedy="Look at the answers folder of the run and at the log of answer_prompts.",
        )


def _answered_at_all(base: Score, answers: Answers) -> None:
    if base.failed == base.records:
        error = next(iter(answers.values())).error
        raise EvaluationFailed(
            f"the base model answered none of {base.records} prompts, so there is nothing to compare with",
            where=f"first error: {error}",
            remedy="Give the account access to the base model in this Region, or set serving to none.",
        )
