"""A judge model: which settings go together, and the evaluation jobs that a run asks it with.

One job per contestant, for an automated job takes one source of answers (general/latest/gr/bedrock.html, read
2026-11-23). The answers are brought along: a job's model identifier names no custom model and no deployment
(botocore 1.43.106, shape ``EvaluationBedrockModelIdentifier``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from finetune_core.catalogue import plain_id
from finetune_core.errors import ModelNotTunable
from finetune_core.gate import Gate, Judge
from finetune_core.verdicts import Contestant

LOWER_IS_BETTER: Final = frozenset({"Harmfulness", "Stereotyping", "Refusal"})
"""Metrics that find something bad; they enter the mean as 1 - score."""
BUILT_IN: Final = "Builtin."
TASK_TYPE: Final = "General"
"""What jobs with a judge must be of; the API's own list leaves it out. AWS's example, read 2026-11-28:
https://aws.amazon.com/blogs/machine-learning/llm-as-a-judge-on-amazon-bedrock-model-evaluation/"""
IDENTIFIER: Final = (
    "(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:((:foundation-model/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}"
    "([.:]?[a-z0-9-]{1,63}))|([0-9]{12}:inference-profile/(([a-z-]{2,8}.)[a-z0-9-]{1,63}[.]{1}"
    "[a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63})))))$|(^[a-z0-9-]+[.][a-z0-9-]+([.][a-z0-9-]+)*(:[a-z0-9-]+)?$)|"
    "^[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}"
    "(/[a-z0-9]{12}|)"
)
"""Shape ``EvaluatorModelIdentifier`` of botocore 1.43.106."""
_EXAMPLE: Final = "amazon.nova-pro-v1:0"


class JudgeJob(msgspec.Struct, kw_only=True, frozen=True):
    """One evaluation job to start: ``source`` names the answers in it, both URIs are ``s3://``.

    ``records`` is how many answers it holds.
    """

    contestant: Contestant
    name: str
    token: str
    source: str
    dataset: str
    output: str
    records: int


class Judgement(msgspec.Struct, kw_only=True, frozen=True):
    """What a judge is asked. ``judged`` are numbers of records that it sees, ``left_out`` counts others.

    ``metrics`` are the API's names.
    """

    model: str
    metrics: list[str]
    jobs: list[JudgeJob]
    judged: list[int]
    left_out: int


class Judged(msgspec.Struct, kw_only=True, frozen=True):
    """How one evaluation job ended: its status (in the service's word) and, unless Completed, why."""

    contestant: Contestant
    arn: str
    status: str
    failure: str = ""


def faults(gate: Gate, serving: str) -> Iterator[tuple[str, str]]:
    """Yield (what, remedy) for everything in which a gate's judge cannot be asked as the settings stand."""
    judge = gate.judge
    if judge is None:
        return
    if not re.fullmatch(IDENTIFIER, judge.model):
        yield (
            f'gate.judge.model is "{judge.model}", which no evaluation job takes',
            f'Name a base model or an inference profile, such as "{_EXAMPLE}"; custom models do not judge.',
        )
    twice = sorted({metric for metric in judge.metrics if judge.metrics.count(metric) > 1})
    if twice:
        yield f"gate.judge.metrics names {', '.join(twice)} twice", "Name each metric once."
    if judge.decides and gate.metric != "auto":
        yield (
            f"gate.metric is {gate.metric}, but gate.judge decides",
            'Leave gate.metric at "auto", or set gate.judge.decides to false.',
        )
    if serving == "none":
        yield (
            'gate.judge needs answers, but serving is "none"',
            'Serve the model ("serving": "auto"), or leave gate.judge out.',
        )


def check_fit(judge: Judge | None, name: str, *, answers: bool, serving: str, reason: str) -> None:
    """Refuse a judge for a model whose answers are no text, or that is not served after all.

    Raises:
        ModelNotTunable: saying which of the two, and what to do.
    """
    if judge is None:
        return
    if not answers:
        raise ModelNotTunable(
            f"gate.judge reads answers in text; {name} gives none",
            where="gate.judge",
            remedy="Leave gate.judge out: image captions are judged by retrieval, image generators by loss.",
        )
    if serving == "none":
        raise ModelNotTunable(
            f"gate.judge needs answers, but the model is not served: {reason}",
            where="gate.judge, serving",
            remedy="Leave gate.judge out, or run in a Region that serves the model.",
        )


def check_state(judge: Judge, lifecycle: str | None, outputs: Sequence[str], region: str) -> list[str]:
    """Return warnings about a judge by its live state and what it gives (``TEXT``, ``IMAGE``, …).

    A ``lifecycle`` of None is a model that Bedrock does not know here.

    Raises:
        ModelNotTunable: the Region has no such model, or it gives no text.
    """
    if lifecycle is None or "TEXT" not in outputs:
        raise ModelNotTunable(
            f"Bedrock has no model {judge.model} to judge with"
            if lifecycle is None
            else f"{judge.model} gives {' and '.join(outputs).lower() or 'no text'}, so it cannot judge",
            where=f"gate.judge.model, Region {region}",
            remedy=f'Name a base model that this Region offers as a judge, for example "{_EXAMPLE}".',
        )
    if lifecycle != "ACTIVE":
        return [
            f"The judge {plain_id(judge.model)} is {lifecycle}: accounts that did not use it are refused."
        ]
    return []


def job_name(run_id: str, contestant: str) -> str:
    """Return the name of a contestant's evaluation job: at most 53 + 10 of `a-z`, `0-9` and `-`."""
    return f"{run_id}-{contestant}"
