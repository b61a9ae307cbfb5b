"""Reads references and answers back from S3 for ``finetune_core.evaluation`` to judge."""

from __future__ import annotations

from collections.abc import Sequence

from finetune_aws import objects
from finetune_aws.answer_files import read_answers
from finetune_core import evaluation, judge_scores, retrieval, rewarding, rewards, slices
from finetune_core.contracts import AnswerSet, Champion, Endpoint, Plan, Training, Validation, write
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Measured, Round
from finetune_core.gate import Judge
from finetune_core.judges import Judged, Judgement
from finetune_core.prompts import Prompt
from finetune_core.questions import Pair, Question, read_questions
from finetune_core.verdicts import Evaluation
from judge_models.scoring import read_scores


def judge(
    *,
    plan: Plan,
    validation: Validation,
    training: Training,
    endpoint: Endpoint,
    champion: Champion,
    answers: list[AnswerSet],
    judgement: Judgement | None = None,
    judged: Sequence[Judged] = (),
) -> Evaluation:
    """Return the verdict, and keep it beside the answers as ``runs/<run_id>/evaluation.json``.

    ``judgement`` is what a judge was asked and ``judged`` how its evaluation jobs ended. Without an
    endpoint, or without held-out prompts, the validation loss alone decides.
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
        judge_asked = plan.settings.gate.judge
        if judge_asked is None or judgement is None:
            verdict = _compare(plan, questions, asked_round)
        else:
            verdict = _with_judge(
                plan=plan,
                judge_asked=judge_asked,
                judgement=judgement,
                judged=judged,
                questions=questions,
                asked=asked_round,
            )
    objects.write_json(plan.artifacts_bucket, f"{plan.prefix}/evaluation.json", write(verdict))
    return verdict


def _compare(plan: Plan, questions: Sequence[Question], asked: Round) -> Evaluation:
    return evaluation.decide(asked, _measure(asked, questions, plan), plan.settings, plan.run_id)


def _with_judge(
    *,
    plan: Plan,
    judge_asked: Judge,
    judgement: Judgement,
    judged: Sequence[Judged],
    questions: Sequence[Question],
    asked: Round,
) -> Evaluation:
    """Return the verdict by the judge's scores, or with them beside the metric.

    Raises:
        EvaluationFailed: the judge decides, and gave no scores.
    """
    prompts = [question for question in questions if isinstance(question, Prompt)]
    try:
        given = read_scores(judge_asked, judgement, judged, prompts, asked)
    except EvaluationFailed as error:
        if judge_asked.decides:
            raise
        found = judge_scores.silent(judgement, judge_asked, str(error))
        return judge_scores.told(_compare(plan, questions, asked), found)
    if judge_asked.decides:
        asked = judge_scores.narrowed(asked, judgement)
    measured = judge_scores.measured(_measure(asked, questions, plan), judgement, given, judge_asked)
    verdict = evaluation.decide(asked, measured, plan.settings, plan.run_id)
    found = judge_scores.report(judgement, given, judge_asked, list(measured.scores))
    return judge_scores.told(verdict, found)


def _measure(asked: Round, questions: Sequence[Question], plan: Plan) -> Measured:
    """Measure answers by what their questions are: by retrieval, by reward, or against the references."""
    pairs = [question for question in questions if isinstance(question, Pair)]
    if pairs:
        return retrieval.measure(asked, pairs, plan.settings)
    if plan.settings.customization_type == rewards.KIND:
        return rewarding.measure(asked, plan.settings)
    return evaluation.measure(asked, plan.settings)


def _round(plan: Plan, questions: list[Question], champion: Champion, answers: list[AnswerSet]) -> Round:
    base, candidate = (read_answers(plan, answers, name) for name in ("base", "candidate"))
    return Round(
        references={each.record: _reference(each) for each in questions},
        base=base,
        candidate=candidate,
        champion=read_answers(plan, answers, "champion") if champion.model_id else None,
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
