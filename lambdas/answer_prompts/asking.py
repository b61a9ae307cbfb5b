"""Asks prompts side by side with bounded concurrency and writes every answer, failed ones too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

import msgspec

from finetune_aws import objects, runtime
from finetune_core.contracts import AnswerSet, EvaluationSet, Plan, Shard
from finetune_core.errors import ServiceError, ServiceUnavailable
from finetune_core.evaluation import Answer
from finetune_core.prompts import Prompt, read_prompts
from finetune_core.verdicts import Contestant

CONCURRENCY: Final = 4
"""Calls in flight per shard; the machine runs several shards at once."""
RESERVE_SECONDS: Final = 60.0
"""Left over for the calls in flight and for writing the file, when Lambda's time runs out."""


def answer_shard(
    *,
    plan: Plan,
    evaluation: EvaluationSet,
    contestant: Contestant,
    model_id: str,
    shard: Shard,
    seconds_left: float,
) -> AnswerSet:
    """Ask the shard's prompts and write ``runs/<run_id>/answers/<contestant>-<from>-<to>.jsonl``.

    Raises:
        ServiceUnavailable: the shard cannot be finished in time; the whole shard is to be tried again.
    """
    deadline = time.monotonic() + seconds_left - RESERVE_SECONDS
    lines = objects.read(evaluation.bucket, evaluation.key)
    prompts = list(islice(read_prompts(lines), shard.start, shard.stop))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = list(pool.map(lambda prompt: _ask(model_id, prompt, deadline), prompts))
    key = f"{plan.prefix}/answers/{contestant}-{shard.start:05}-{shard.stop:05}.jsonl"
    body = b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers)
    objects.write(plan.artifacts_bucket, key, body, "application/jsonl")
    failed = sum(answer.answer is None for answer in answers)
    return AnswerSet(contestant=contestant, key=key, answered=len(answers) - failed, failed=failed)


def _ask(model_id: str, prompt: Prompt, deadline: float) -> Answer:
    if time.monotonic() > deadline:
        raise ServiceUnavailable(
            "the shard's time is up before all prompts were answered",
            where=model_id,
            remedy="It is tried again; raise the endpoint's model units if it repeats.",
        )
    try:
        reply = runtime.converse(model_id, prompt.request, max_tokens=prompt.max_tokens)
    except ServiceError as error:
        return Answer(record=prompt.record, answer=None, error=f"{type(error).__name__}: {error.what}")
    return Answer(record=prompt.record, answer=reply.text, latency_ms=reply.latency_ms)
