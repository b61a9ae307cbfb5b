"""A judge's scores as a part of the comparison: in the place of the metric, or beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from msgspec.structs import replace

from finetune_core.evaluation import CHOSEN, Measured, Round
from finetune_core.gate import Judge
from finetune_core.judge_records import Scores
from finetune_core.judges import LOWER_IS_BETTER, Judgement
from finetune_core.task_metrics import WORDS
from finetune_core.verdicts import Contestant, Evaluation, JudgeReport, JudgeScore

METRIC = "judge"

Given = Mapping[Contestant, Scores]
"""What the judge said about each contestant."""


def narrowed(asked: Round, judgement: Judgement) -> Round:
    """Return the round with the records alone that the judge was shown: where it decides, no others count."""
    seen = set(judgement.judged)
    return replace(
        asked,
        references={record: text for record, text in asked.references.items() if record in seen},
        slices={record: names for record, names in asked.slices.items() if record in seen},
    )


def values(records: Sequence[int], scores: Scores, judge: Judge) -> dict[int, float]:
    """Return each record's mean over the judge's metrics; a metric without a score counts 0."""
    return {record: fmean(_points(scores.get(record, {}), judge)) for record in records}


def _points(given: Mapping[str, float], judge: Judge) -> Iterator[float]:
    for metric in judge.metrics:
        score = given.get(metric)
        if score is None:
            yield 0.0
        else:
            yield 1 - score if metric in LOWER_IS_BETTER else score


def measured(found: Measured, judgement: Judgement, given: Given, judge: Judge) -> Measured:
    """Return what was measured with the judge's mean beside the metric, or as the metric where it decides."""
    by_record = {name: values(judgement.judged, given.get(name, {}), judge) for name in found.scores}
    scores = {
        name: replace(score, judge=fmean(by_record[name].values())) for name, score in found.scores.items()
    }
    if not judge.decides:
        return replace(found, scores=scores)
    return replace(found, metric=METRIC, words=WORDS[METRIC], why=CHOSEN, scores=scores, values=by_record)


def report(judgement: Judgement, given: Given, judge: Judge, names: Sequence[Contestant]) -> JudgeReport:
    """Return the judge's part in the report, for the contestants ``names``."""
    scores = {name: _score(judgement.judged, given.get(name, {}), judge) for name in names}
    return replace(silent(judgement, judge, ""), scores=scores)


def silent(judgement: Judgement, judge: Judge, note: str) -> JudgeReport:
    """Return the part of a judge without scores; ``note`` says why it has none."""
    return JudgeReport(
        model=judgement.model,
        metrics=list(judge.metrics),
        decides=judge.decides,
        records=len(judgement.judged),
        left_out=judgement.left_out,
        calls=sum(job.records for job in judgement.jobs) * len(judge.metrics),
        note=note,
    )


def _score(records: Sequence[int], scores: Scores, judge: Judge) -> JudgeScore:
    means: dict[str, float] = {}
    for metric in judge.metrics:
        given = [each[metric] for each in scores.values() if metric in each]
        if given:
            means[metric] = fmean(given)
    scored = sum(bool(scores.get(record)) for record in records)
    return JudgeScore(
        mean=fmean(values(records, scores, judge).values()),
        metrics=means,
        scored=scored,
        unscored=len(records) - scored,
    )


def told(verdict: Evaluation, found: JudgeReport) -> Evaluation:
    """Return the verdict with the judge's part, and with what people should know of it among the reasons."""
    return replace(verdict, judge=found, reasons=[*verdict.reasons, *_reasons(found)])


def _reasons(found: JudgeReport) -> Iterator[str]:
    if found.note:
        yield f"The judge {found.model} gave no scores, and does not decide: {found.note}"
    elif not found.decides:
        means = ", ".join(f"{name} {score.mean:.4f}" for name, score in found.scores.items())
        yield f"The judge {found.model}, beside the deciding metric: {means}."
    if found.left_out:
        yield (
            f"{found.left_out} held-out records were not shown to the judge: "
            "their prompts hold more than text, or more than 4 KB of it."
        )
    for name, score in found.scores.items():
        if score.unscored:
            lacking = f"{score.unscored} of {found.records} answers of {_WHO[name]}"
            yield f"{lacking} have no score of the judge and count as 0."


_WHO: Mapping[Contestant, str] = {
    "base": "the base model",
    "champion": "the champion",
    "candidate": "the candidate",
}
