"""What a judgement says: scores, comparisons, slices, the verdict with its reasons."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["PROMOTE", "HOLD", "REJECT"]
Contestant = Literal["base", "champion", "candidate"]


class Score(msgspec.Struct, kw_only=True, frozen=True):
    """Means over all records (failed calls score 0); None where a metric does not fit the references.

    ``json_valid`` is over the records whose reference is JSON, ``latency_ms`` over the calls that answered,
    ``judge`` over the records that a judge was shown; ``reward`` was brought into 0..1 (``rewarding``).
    """

    failed: int
    records: int
    exact_match: float | None = None
    token_f1: float | None = None
    json_valid: float | None = None
    rouge_l: float | None = None
    field_accuracy: float | None = None
    label_accuracy: float | None = None
    recall_at_1: float | None = None
    recall_at_5: float | None = None
    mrr: float | None = None
    judge: float | None = None
    reward: float | None = None
    latency_ms: int = 0


class SliceScore(msgspec.Struct, kw_only=True, frozen=True):
    """One slice of the records: the metric's mean before (opponent) and now (candidate)."""

    name: str
    records: int
    before: float
    now: float
    worse: bool


class Comparison(msgspec.Struct, kw_only=True, frozen=True):
    """Candidate against one opponent: mean gain of the metric and its 95 % interval."""

    opponent: Contestant
    gain: float
    interval: tuple[float, float]


class JudgeScore(msgspec.Struct, kw_only=True, frozen=True):
    """What a judge said about one contestant: each metric's mean over the answers that it scored, 0 to 1.

    ``mean`` is over all records and metrics: what has no score counts 0, metrics of something bad 1 - score.
    """

    mean: float
    metrics: dict[str, float]
    scored: int
    unscored: int


class JudgeReport(msgspec.Struct, kw_only=True, frozen=True):
    """A judge's part in the verdict: ``left_out`` records it was not shown, ``calls`` were made at most.

    ``note`` says why there are no ``scores``, when a judge that does not decide gave none.
    """

    model: str
    metrics: list[str]
    decides: bool
    records: int
    left_out: int
    calls: int
    scores: dict[Contestant, JudgeScore] = {}
    note: str = ""


class Evaluation(msgspec.Struct, kw_only=True, frozen=True):
    """The verdict and what it rests on.

    ``interval`` is the 95 % interval of candidate minus ``opponent``: the champion where there is one that
    answers, else the base model. ``needed_records`` is the sample size from which a gain of this size would
    show (80 % power); ``metric_reason`` says why this metric.
    """

    verdict: Verdict
    reasons: list[str]
    metric: str
    base: Score | None
    candidate: Score | None
    interval: tuple[float, float] | None
    records: int
    champion: Score | None = None
    champion_run: str = ""
    opponent: Contestant = "base"
    metric_reason: str = ""
    comparisons: list[Comparison] = []
    slices: list[SliceScore] = []
    needed_records: int | None = None
    judge: JudgeReport | None = None
