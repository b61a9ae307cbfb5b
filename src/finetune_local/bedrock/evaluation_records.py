"""Datasets and outputs of evaluation jobs whose answers are brought along.

Form and limits of a dataset: user guide, model-evaluation-prompt-datasets-judge, and general/latest/gr/
bedrock.html (read 2026-11-23); form of the output and its path: model-evaluation-report-s3 (read 2026-11-28).
Users see the job's name twice in that path, and an empty object beside it (read 2026-11-28).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finetune_local.bedrock.datasets import DataRefusedError
from finetune_local.bedrock.judge_measures import Exchange, score

MOST_PROMPTS: Final = 1_000
MOST_PROMPT_BYTES: Final = 4_096
ACCESS_CHECK_FILE: Final = "amazon-bedrock-evaluations-permission-check"
_JUDGE_TOKENS: Final = 8
"""As many as tell that the judge was asked: ours is small, and each costs time."""
_KEYS: Final = frozenset({"prompt", "referenceResponse", "category", "modelResponses"})
_RESPONSE_KEYS: Final = frozenset({"response", "modelIdentifier"})


@dataclass(frozen=True)
class Answered:
    """One line of a dataset, as it was given and as a judge reads it."""

    record: dict[str, Any]
    exchange: Exchange


def read_lines(body: bytes, source: str) -> list[Answered]:
    """Return the records of a dataset; raise DataRefusedError naming the first line that does not do."""
    lines = [line for line in body.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST_PROMPTS:
        raise DataRefusedError(f"The dataset must have 1 to {MOST_PROMPTS} prompts, not {len(lines)}.")
    found = []
    for number, line in enumerate(lines, start=1):
        fault = next(_faults(line, source), None)
        if fault:
            raise DataRefusedError(f"The dataset is not valid: line {number}: {fault}.")
        record = json.loads(line)
        response = record["modelResponses"][0]["response"]
        exchange = Exchange(record["prompt"], record.get("referenceResponse", ""), response)
        found.append(Answered(record, exchange))
    return found


def _faults(line: bytes, source: str) -> Iterator[str]:
    try:
        record = json.loads(line)
    except ValueError:
        yield "it is not JSON"
        return
    if not isinstance(record, dict) or not record.keys() <= _KEYS:
        yield f"it must be an object with no keys but {sorted(_KEYS)}"
        return
    for key in ("prompt", "referenceResponse", "category"):
        if not isinstance(record.get(key, "" if key != "prompt" else None), str):
            yield f"{key} must be a string"
            return
    if not record["prompt"].strip():
        yield "prompt must not be blank"
    if len(record["prompt"].encode()) > MOST_PROMPT_BYTES:
        yield f"prompt has more than {MOST_PROMPT_BYTES} bytes"
    yield from _response_faults(record.get("modelResponses"), source)


def _response_faults(responses: object, source: str) -> Iterator[str]:
    if not isinstance(responses, list) or len(responses) != 1:
        yield "modelResponses must hold one response"
    elif not isinstance(responses[0], dict) or responses[0].keys() != _RESPONSE_KEYS:
        yield f"a response must have the keys {sorted(_RESPONSE_KEYS)}"
    elif not isinstance(responses[0]["response"], str) or not responses[0]["response"].strip():
        yield "response must be a string that is not blank"
    elif responses[0]["modelIdentifier"] != source:
        yield f"modelIdentifier must be {source!r}, the job's inferenceSourceIdentifier"


def asked(runtime: Any, judge: str, answered: Answered) -> str:  # noqa: ANN401 - boto3's client
    """Ask the judge about an answer and return its words; what it scores is measured (`judge_measures`)."""
    read = answered.exchange
    question = f"Question: {read.prompt}\nReference: {read.reference}\nAnswer: {read.response}\nIs it right?"
    told = runtime.converse(
        modelId=judge,
        messages=[{"role": "user", "content": [{"text": question}]}],
        inferenceConfig={"maxTokens": _JUDGE_TOKENS, "temperature": 0.0},
    )
    return str(told["output"]["message"]["content"][0]["text"])


def scored_line(answered: Answered, metrics: Sequence[str], judge: str, said: str) -> bytes:
    """Return one line of the output: the scores with what the judge said, and the record as it was given."""
    scores = [
        {
            "metricName": metric,
            "result": score(metric, answered.exchange),
            "evaluatorDetails": [{"modelIdentifier": judge, "explanation": said}],
        }
        for metric in metrics
    ]
    line = {"automatedEvaluationResult": {"scores": scores}, "inputRecord": answered.record}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def output_name(job: str, unique: str, *, source: str, task: str, dataset: str) -> str:
    """Return the key of the output below the job's output URI."""
    folder = f"{job}/{job}/{unique}/models/{source}/taskTypes/{task}/datasets/{dataset}"
    return f"{folder}/{unique}_output.jsonl"
