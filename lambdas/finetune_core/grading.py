"""What a reward function is asked and what it may answer, as Bedrock has it for Nova models.

In goes a list of {"id", "messages", "metadata"}: the record's messages with the model's answer at the end,
and all other keys of the record. Out comes a list of {"id", "aggregate_reward_score", "metrics_list"}.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/reward-functions.html (read 2026-11-28).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from finetune_core.errors import RewardInvalid

REFERENCE: Final = "reference_answer"
_CONTRACT: Final = (
    'Answer a list with one {"id": …, "aggregate_reward_score": number, "metrics_list": […]} for each '
    "that came in."
)


class Grading(msgspec.Struct, kw_only=True, frozen=True):
    """The parts of a record that its grader gets: messages without an answer, and everything beside them."""

    messages: list[dict[str, Any]]
    metadata: dict[str, Any] = {}


class Answered(msgspec.Struct, kw_only=True, frozen=True):
    """One answer to be graded. ``name`` is the record's in messages to people; the grader gets ``id``."""

    id: str
    grading: Grading
    answer: str
    name: str

    def item(self) -> dict[str, Any]:
        """Return what the reward function gets for this answer."""
        said = {"role": "assistant", "content": self.answer}
        messages = [*self.grading.messages, said]
        return {"id": self.id, "messages": messages, "metadata": self.grading.metadata}


def to_grading(record: dict[str, Any]) -> Grading:
    """Return what the grader gets of a record; an answer at its end makes room for the model's."""
    messages = list(record["messages"])
    while messages and messages[-1].get("role") == "assistant":
        messages.pop()
    metadata = {name: value for name, value in record.items() if name != "messages"}
    return Grading(messages=messages, metadata=metadata)


def reference_text(record: dict[str, Any]) -> str:
    """Return a record's reference answer as text, "" when it has none."""
    value = record.get(REFERENCE)
    if value in (None, "", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_scores(answer: Any, asked: Sequence[Answered], where: str) -> dict[str, float]:  # noqa: ANN401
    """Return the scores by id.

    Raises:
        RewardInvalid: the answer breaks the contract; the text names the record and what is wrong.
    """
    if not isinstance(answer, list):
        raise _invalid(f"it answered {_shown(answer)}, not a list", where)
    names = {each.id: each.name for each in asked}
    found: dict[str, float] = {}
    for each in answer:
        key = each.get("id") if isinstance(each, dict) else None
        if key not in names:
            raise _invalid(f"it answered {_shown(each)}, whose id was not asked for", where)
        if key in found:
            raise _invalid(f"it answered twice for {names[key]}", where)
        found[key] = _score(each, names[key], where)
    missing = [name for key, name in names.items() if key not in found]
    if missing:
        raise _invalid(f"it gave no score for {missing[0]}", where)
    return found


def _score(each: dict[str, Any], name: str, where: str) -> float:
    score = each.get("aggregate_reward_score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        told = _shown(score) if "aggregate_reward_score" in each else "missing"
        raise _invalid(f"aggregate_reward_score is {told} for {name}, not a finite number", where)
    metrics = each.get("metrics_list", [])
    if not isinstance(metrics, list) or not all(_is_metric(metric) for metric in metrics):
        raise _invalid(
            f'metrics_list is malformed for {name}: each has a "name", a finite "value" and the "type" '
            "Reward or Metric",
            where,
        )
    return float(score)


def _is_metric(metric: Any) -> bool:  # noqa: ANN401 - any JSON
    if not isinstance(metric, dict) or not isinstance(metric.get("name"), str):
        return False
    value = metric.get("value")
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return number and metric.get("type") in ("Reward", "Metric")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _invalid(what: str, where: str) -> RewardInvalid:
    return RewardInvalid(f"the reward function broke its contract: {what}", where=where, remedy=_CONTRACT)
