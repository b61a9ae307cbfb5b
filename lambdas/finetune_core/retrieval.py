"""Retrieval accuracy: does a caption find its own image among all held-out images?

recall_at_1, recall_at_5   the image is the first, or one of the first five
mrr                        1 / rank, the mean of which is the mean reciprocal rank

Images are ranked by the cosine of image and caption. Images with the same caption are equally right; an image
that ties with the right one counts as before it. A pair of which a call failed scores 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import mul
from statistics import fmean
from typing import Final

import msgspec

from finetune_core.contracts import RunSettings
from finetune_core.evaluation import CHOSEN, Answers, Measured, Round, contestants
from finetune_core.gate import RETRIEVAL
from finetune_core.questions import Pair, Vectors, unpacked
from finetune_core.task_metrics import WORDS
from finetune_core.verdicts import Score

_WHY: Final = "image captions are judged by retrieval"

Vector = Sequence[float]


def measure(asked: Round, pairs: Sequence[Pair], settings: RunSettings) -> Measured:
    """Return what is to be compared.

    Raises:
        EvaluationFailed: answers are missing.
    """
    chosen = settings.gate.metric
    metric = "recall_at_1" if chosen == "auto" else chosen
    scores, values = {}, {}
    for name, answers in contestants(asked).items():
        found = ranks(pairs, answers)
        each = {
            metric: {record: _value(metric, rank) for record, rank in found.items()} for metric in RETRIEVAL
        }
        scores[name] = _score(each, answers, found)
        values[name] = each[metric]
    return Measured(
        metric=metric,
        words=WORDS[metric],
        why=_WHY if chosen == "auto" else CHOSEN,
        scores=scores,
        values=values,
    )


def ranks(pairs: Sequence[Pair], answers: Answers) -> dict[int, int | None]:
    """Return for each pair the rank of the right image, from 1; None where a call failed."""
    captions: dict[int, Vector] = {}
    gallery: dict[str, Vector] = {}
    right: dict[str, set[str]] = {}
    for pair in pairs:
        right.setdefault(pair.caption, set()).add(pair.image)
        text = answers[pair.record].answer
        if text is not None:
            vectors = msgspec.json.decode(text, type=Vectors)
            captions[pair.record] = _unit(unpacked(vectors.caption))
            gallery.setdefault(pair.image, _unit(unpacked(vectors.image)))
    return {
        pair.record: _rank(captions[pair.record], gallery, right[pair.caption])
        if pair.record in captions
        else None
        for pair in pairs
    }


def _rank(caption: Vector, gallery: Mapping[str, Vector], right: set[str]) -> int:
    cosines = {image: sum(map(mul, caption, vector)) for image, vector in gallery.items()}
    best = max(cosines[image] for image in right if image in cosines)
    before = [image for image, cosine in cosines.items() if cosine >= best and image not in right]
    return 1 + len(before)


def _value(metric: str, rank: int | None) -> float:
    if rank is None:
        return 0.0
    return 1 / rank if metric == "mrr" else float(rank <= (1 if metric == "recall_at_1" else 5))


def _score(
    each: Mapping[str, Mapping[int, float]], answers: Answers, found: Mapping[int, int | None]
) -> Score:
    times = [answers[record].latency_ms for record, rank in found.items() if rank is not None]
    return Score(
        recall_at_1=fmean(each["recall_at_1"].values()),
        recall_at_5=fmean(each["recall_at_5"].values()),
        mrr=fmean(each["mrr"].values()),
        failed=sum(rank is None for rank in found.values()),
        records=len(found),
        latency_ms=round(fmean(times)) if times else 0,
    )


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(map(mul, vector, vector)))
    return [value / length for value in vector] if length else vector
