"""Reads references and answers back from S3 for ``finetune_core.evaluation`` to judge."""

from __future__ import annotations

import msgspec

from finetune_aws import objects
from finetune_core import evaluation, retrieval, rewarding, rewards, slices
from finetune_core.contracts import AnswerSet, Champion, Endpoint, Plan, Training, Validation, write
from finetune_core.evaluation import Measured, Round
from finetune_core.questions import Pair, Question, read_questions
from finetune_core.verdicts import Evaluation


def judge(
    *,
    plan: Plan,
    validation: Validation,
    training: Training,
    endpoint: Endpoint,
    champion: Champion,
    answers: list[AnswerSet],
) -> Evaluation:
    """Return the verdict, and keep it beside the answers as ``runs/<run_id>/evaluation.json``.

    Without an endpoint, or without held-out prompts, the validation loss alone decides.
    """
    asked = validation.evaluation
    if endpoint.kind == "none":
        why = "The settings ask for no endpoint, so no prompt was asked."
        verdict = evaluation.judge_unasked(training, why)
    elif not asked.records:
        why = "The dataset has no held-out prompts."
        verdict = evaluation.judge_unasked(training, why)
    else:
        questions = list(read_questions(objects.read(asked.bucket, asked.key)))
        asked_round = _round(plan, questions, champion, answers)
        verdict = evaluation.decide(
            asked_round, _measure(asked_round, questions, plan), plan.settings, plan.run_id
        )
    objects.write_json(plan.artifacts_bucket, f"{plan.prefix}/evaluation.json", write(verdict))
    return verdict


def _measure(asked: Round, questions: list[Question], plan: Plan) -> Measured:
    """Measure answers by what their questions are: by retrieval, by reward, or against the references."""
    pairs = [question for question in questions if isinstance(question, Pair)]
    if pairs:
        return retrieval.measure(asked, pairs, plan.settings)
    if plan.settings.customization_type == rewards.KIND:
        return rewarding.measure(asked, plan.settings)
    return evaluation.measure(asked, plan.settings)


def _round(plan: Plan, questions: list[Question], champion: Champion, answers: list[AnswerSet]) -> Round:
    base, candidate = (_answers(plan, answers, name) for name in ("base", "candidate"))
    return Round(
        references={each.record: _reference(each) for each in questions},
        base=base,
        candidate=candidate,
        champion=_answers(plan, answers, "champion") if champion.model_id else None,
        champion_run=champion.run_id,
        champion_note=champion.note,
        slices={each.record: _slices(each) for each in questions},
    )


def _reference(question: Question) -> str:
    return question.image if isinstance(question, Pair) else question.reference


def _slices(question: Question) -> list[str]:
    own = [question.slice] if question.slice else []
    if isinstance(question, Pair):
        return own
    return own + slices.derived(question.request, question.reference)


def _answers(plan: Plan, sets: list[AnswerSet], contestant: str) -> dict[int, evaluation.Answer]:
    decoder = msgspec.json.Decoder(evaluation.Answer)
    found = {}
    for answers in sets:
        if answers.contestant == contestant:
            for line in objects.read(plan.artifacts_bucket, answers.key).splitlines():
                answer = decoder.decode(line)
                found[answer.record] = answer
    return found
