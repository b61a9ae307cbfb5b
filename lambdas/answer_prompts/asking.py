"""Asks prompts side by side with bounded concurrency and writes every answer, failed ones too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

import msgspec

from answer_prompts.grading import graded
from finetune_aws import objects, runtime
from finetune_core.contracts import AnswerSet, EvaluationSet, Plan, Shard
from finetune_core.errors import ServiceError, ServiceUnavailable
from finetune_core.evaluation import Answer
from finetune_core.questions import Pair, Question, Vectors, packed, read_questions
from finetune_core.references import Reward
from finetune_core.verdicts import Contestant

CONCURRENCY: Final = 4
"""Calls in flight per shard; the machine runs several shards at once."""
RESERVE_SECONDS: Final = 60.0
"""Left over for the calls in flight and for writing the file, when Lambda's time runs out."""


def answer_shard(
    *,
    plan: Plan,
    reward: Reward | None,
    evaluation: EvaluationSet,
    contestant: Contestant,
    model_id: str,
    shard: Shard,
    seconds_left: float,
) -> AnswerSet:
    """Ask the shard's prompts, have the answers graded if there is a ``reward``, and write them to
    ``runs/<run_id>/answers/<contestant>-<from>-<to>.jsonl``.

    Raises:
        ServiceUnavailable: the shard cannot be finished in time; the whole shard is to be tried again.
    """
    deadline = time.monotonic() + seconds_left - RESERVE_SECONDS
    lines = objects.read(evaluation.bucket, evaluation.key)
    questions = list(islice(read_questions(lines), shard.start, shard.stop))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = list(pool.map(lambda question: _ask(model_id, question, deadline), questions))
    if reward:
        answers = graded(reward.function_arn, questions, answers)
    key = f"{plan.prefix}/answers/{contestant}-{shard.start:05}-{shard.stop:05}.jsonl"
    body = b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers)
    objects.write(plan.artifacts_bucket, key, body, "application/jsonl")
    failed = sum(answer.answer is None for answer in answers)
    return AnswerSet(contestant=contestant, key=key, answered=len(answers) - failed, failed=failed)


def _ask(model_id: str, question: Question, deadline: float) -> Answer:
    if time.monotonic() > deadline:
        raise ServiceUnavailable(
            "the shard's time is up before all prompts were answered",
            where=model_id,
            remedy="It is tried again; raise the endpoint's model units if it repeats.",
        )
    try:
        if isinstance(question, Pair):
            return _embed(model_id, question)
        reply = runtime.converse(model_id, question.request, max_tokens=question.max_tokens)
    except ServiceError as error:
        return Answer(record=question.record, answer=None, error=f"{type(error).__name__}: {error.what}")
    return Answer(record=question.record, answer=reply.text, latency_ms=reply.latency_ms)


def _embed(model_id: str, pair: Pair) -> Answer:
    """Ask for the vectors of image and caption; an image that is gone counts as a failed call."""
    image = objects.read(*objects.split_uri(pair.image), pair.version)
    seen = runtime.embed(model_id, image=image)
    read = runtime.embed(model_id, text=pair.caption)
    vectors = Vectors(image=packed(seen.vector), caption=packed(read.vector))
    return Answer(
        record=pair.record,
        answer=msgspec.json.encode(vectors).decode(),
        latency_ms=(seen.latency_ms + read.latency_ms) // 2,
    )
