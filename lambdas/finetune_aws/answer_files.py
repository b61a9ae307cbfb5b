"""Contestants' answers as they lie in the artifacts bucket."""

from __future__ import annotations

import msgspec

from finetune_aws import objects
from finetune_core.contracts import AnswerSet, Plan
from finetune_core.evaluation import Answer


def read_answers(plan: Plan, sets: list[AnswerSet], contestant: str) -> dict[int, Answer]:
    """Return one contestant's answers of all shards by record. Calls: s3:GetObject."""
    decoder = msgspec.json.Decoder(Answer)
    found = {}
    for answers in sets:
        if answers.contestant == contestant:
            for line in objects.read(plan.artifacts_bucket, answers.key).splitlines():
                answer = decoder.decode(line)
                found[answer.record] = answer
    return found
