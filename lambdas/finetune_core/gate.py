"""What a run's settings say about judgement: gate, judge, the watch over a champion, golden prompts."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Metric = Literal[
    "auto",
    "exact_match",
    "token_f1",
    "rouge_l",
    "json_valid",
    "field_accuracy",
    "label_accuracy",
    "recall_at_1",
    "recall_at_5",
    "mrr",
    "reward",
]


RETRIEVAL: Final = ("recall_at_1", "recall_at_5", "mrr")
"""Metrics of models that turn texts and images into vectors; all others are for answers in text."""


JudgeMetric = Literal[
    "Correctness",
    "Completeness",
    "Faithfulness",
    "Helpfulness",
    "Coherence",
    "Relevance",
    "FollowingInstructions",
    "ProfessionalStyleAndTone",
    "Harmfulness",
    "Stereotyping",
    "Refusal",
]
"""Built-in metrics of a judge, without their ``Builtin.``: Bedrock user guide, model-evaluation-metrics
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html, read 2026-11-28)."""


class Judge(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A model that scores the answers in evaluation jobs: its id or inference profile's, and its metrics.

    With ``decides`` the mean of the metrics (0..1) takes the place of ``metric``; else it stands beside it.
    """

    model: Annotated[str, Meta(min_length=1, max_length=2048)]
    metrics: Annotated[tuple[JudgeMetric, ...], Meta(min_length=1, max_length=11)] = (
        "Correctness",
        "Completeness",
    )
    decides: bool = False


class Gate(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a candidate has to pass.

    ``metric`` "auto" takes the one that fits the references. Below ``minimum_records`` held-out records the
    verdict is HOLD. ``slice_loss`` is the largest loss of the metric (0..1) that one slice of the records may
    suffer, None to look at no slices. ``judge`` is asked only when it is given.
    """

    metric: Metric = "auto"
    minimum_records: Annotated[int, Meta(ge=1, le=1000)] = 5
    slice_loss: Annotated[float, Meta(ge=0, le=1)] | None = 0.1
    judge: Judge | None = None


class Watch(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How a new champion is watched: for ``hours`` the one before stays ready, 0 retires it at once.

    Over ``error_rate`` (share of calls) or ``latency_factor`` times the latency of its evaluation, and with
    at least ``minimum_calls`` calls to judge by, the dataset goes back to the champion before.
    """

    hours: Annotated[float, Meta(ge=0, le=720)] = 1.0
    error_rate: Annotated[float, Meta(ge=0, le=1)] = 0.05
    latency_factor: Annotated[float, Meta(ge=1, le=100)] = 3.0
    minimum_calls: Annotated[int, Meta(ge=1, le=1_000_000)] = 20


class GoldenPrompt(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A prompt whose answer is known: exactly one of the three says what the answer must be.

    ``contains`` and ``equals`` look past case and outer blanks; ``matches`` is a regular expression that is
    found anywhere in the answer.
    """

    prompt: Annotated[str, Meta(min_length=1, max_length=4000)]
    contains: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None
    equals: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None
    matches: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    system: Annotated[str, Meta(max_length=4000)] = ""
