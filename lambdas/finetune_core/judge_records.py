"""What a judge reads and says: records with their answers going out, scores coming back.

Going out: one JSON object a line with ``prompt``, ``referenceResponse``, ``category`` and one of
``modelResponses``, at most 1,000 lines with prompts of at most 4 KB
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html and
general/latest/gr/bedrock.html, read 2026-11-23). Coming back: lines with ``automatedEvaluationResult`` and a
copy of the record, in files that end in ``_output.jsonl``
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-report-s3.html, read 2026-11-28).
Nothing in a line names our record, so the texts themselves do; records that are the same in all texts take
their scores in order.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Answers
from finetune_core.judges import BUILT_IN
from finetune_core.prompts import Prompt, answer_text

MOST_PROMPTS: Final = 1_000
MOST_BYTES: Final = 4_096
SUFFIX: Final = "_output.jsonl"
_REMEDY: Final = "Look at the file; if Bedrock has changed its form, leave gate.judge out and report it."
_SPEAKERS: Final = {"user": "User", "assistant": "Assistant"}

Scores = dict[int, dict[str, float]]
"""Record number → metric (without ``Builtin.``) → score, 0 to 1."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that a judge is to score."""

    record: int
    prompt: str
    reference: str
    response: str
    category: str = ""


def judged(questions: Iterable[Prompt]) -> dict[int, str]:
    """Return the prompts that a judge can read by record: text alone, not too long, not too many."""
    texts = ((question.record, prompt_text(question.request)) for question in questions)
    short = ((record, text) for record, text in texts if text and len(text.encode()) <= MOST_BYTES)
    return dict(islice(short, MOST_PROMPTS))


def prompt_text(request: Mapping[str, Any]) -> str | None:
    """Return a Converse request as one text, None when there is more in it than text.

    A single question stays as it is; otherwise each turn says whose it is.
    """
    turns = [("System", request.get("system") or [])]
    turns += [(_SPEAKERS[turn["role"]], turn["content"]) for turn in request["messages"]]
    said = []
    for speaker, blocks in turns:
        if not all(_readable(block) for block in blocks):
            return None
        text = answer_text([_as_text(block) for block in blocks]).strip()
        if text:
            said.append((speaker, text))
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{speaker}: {text}" for speaker, text in said)


def _readable(block: Mapping[str, Any]) -> bool:
    if "toolResult" in block:
        parts = block["toolResult"].get("content") or []
        return all("text" in part or "json" in part for part in parts)
    return "text" in block or "toolUse" in block


def _as_text(block: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's result as a text block; other blocks as they are."""
    if "toolResult" not in block:
        return block
    parts = block["toolResult"].get("content") or []
    texts = (part["text"] if "text" in part else json.dumps(part["json"]) for part in parts)
    return {"text": "\n".join(texts)}


def sent(questions: Iterable[Prompt], prompts: Mapping[int, str], answers: Answers) -> list[Sent]:
    """Return what a judge gets of one contestant: failed and empty answers are not sent, and count 0."""
    found = []
    for question in questions:
        answer = answers[question.record].answer if question.record in answers else None
        if question.record in prompts and answer and answer.strip():
            found.append(
                Sent(
                    record=question.record,
                    prompt=prompts[question.record],
                    reference=question.reference,
                    response=answer,
                    category=question.slice,
                )
            )
    return found


def lines(records: Iterable[Sent], source: str) -> bytes:
    """Return the dataset of an evaluation job; ``source`` is what the job calls the answers' model."""
    return b"".join(msgspec.json.encode(_line(each, source)) + b"\n" for each in records)


def _line(each: Sent, source: str) -> dict[str, Any]:
    return {
        "prompt": each.prompt,
        "referenceResponse": each.reference,
        **({"category": each.category} if each.category else {}),
        "modelResponses": [{"response": each.response, "modelIdentifier": source}],
    }


def scores(files: Mapping[str, bytes], records: Sequence[Sent], metrics: Collection[str]) -> Scores:
    """Return the scores in a job's output: ``files`` by address, ``metrics`` without ``Builtin.``.

    Lines about other texts are passed over, and what a judge did not score (null) is left out.

    Raises:
        EvaluationFailed: a line is malformed, a score is outside of 0 to 1, or no record has a score.
    """
    found: Scores = {}
    for where, body in files.items():
        waiting: dict[tuple[str, str, str], deque[int]] = defaultdict(deque)
        for each in records:
            waiting[each.prompt, each.reference, each.response].append(each.record)
        for number, line in enumerate(body.splitlines(), start=1):
            if not line.strip():
                continue
            texts, given = _read(line, f"{where} line {number}", metrics)
            if waiting[texts]:
                found.setdefault(waiting[texts].popleft(), {}).update(given)
    if records and not any(found.values()):
        raise EvaluationFailed(
            f"the judge's output has no score for any of {len(records)} answers",
            where=", ".join(files) or f"no file ends in {SUFFIX}",
            remedy=_REMEDY,
        )
    return found


def _read(line: bytes, where: str, metrics: Collection[str]) -> tuple[tuple[str, str, str], dict[str, float]]:
    """Return the texts (prompt, reference, response) and the scores of one line of output."""
    try:
        value = msgspec.json.decode(line)
        record = value["inputRecord"]
        responses = record.get("modelResponses") or value.get("modelResponses")
        texts = (record["prompt"], record.get("referenceResponse") or "", responses[0]["response"])
        given = dict(_scores(value["automatedEvaluationResult"]["scores"], metrics))
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise EvaluationFailed(
            f"the judge's output cannot be read: {error or type(error).__name__}", where=where, remedy=_REMEDY
        ) from error
    return texts, given


def _scores(given: Sequence[Mapping[str, Any]], metrics: Collection[str]) -> Iterator[tuple[str, float]]:
    for each in given:
        name, result = each["metricName"].removeprefix(BUILT_IN), each.get("result")
        if name in metrics and result is not None:
            if isinstance(result, bool) or not isinstance(result, int | float) or not 0 <= result <= 1:
                raise ValueError(f"{name} is {result!r}, no number from 0 to 1")
            yield name, float(result)
