"""Reads references and answers back from S3 for ``finetune_core.evaluation`` to judge."""

from __future__ import annotations

import msgspec

from finetune_aws import objects
from finetune_core import evaluation
from finetune_core.contracts import AnswerSet, Endpoint, Evaluation, Plan, Training, Validation, write
from finetune_core.prompts import read_prompts


def judge(
    *, plan: Plan, validation: Validation, training: Training, endpoint: Endpoint, answers: list[AnswerSet]
) -> Evaluation:
    """Return the verdict, and keep it beside the answers as ``runs/<run_id>/evaluation.json``.

    Without an endpoint, or without held-out prompts, the validation loss alone decides.
    """
    asked = validation.evaluation
    if endpoint.kind == "none":
        why = "The settings ask for no endpoint, so no prompt was asked."
        verdict = evaluation.judge_by_loss(training.validation_loss, training.training_loss, why)
    elif not asked.records:
        why = "The dataset has no held-out prompts."
        verdict = evaluation.judge_by_loss(training.validation_loss, training.training_loss, why)
    else:
        lines = objects.read(asked.bucket, asked.key)
        references = {prompt.record: prompt.reference for prompt in read_prompts(lines)}
        base, candidate = (_answers(plan, answers, name) for name in ("base", "candidate"))
        verdict = evaluation.judge(references, base, candidate, plan.settings, plan.run_id)
    objects.write_json(plan.artifacts_bucket, f"{plan.prefix}/evaluation.json", write(verdict))
    return verdict


def _answers(plan: Plan, sets: list[AnswerSet], contestant: str) -> dict[int, evaluation.Answer]:
    decoder = msgspec.json.Decoder(evaluation.Answer)
    found = {}
    for answers in sets:
        if answers.contestant == contestant:
            for line in objects.read(plan.artifacts_bucket, answers.key).splitlines():
                answer = decoder.decode(line)
                found[answer.record] = answer
    return found
