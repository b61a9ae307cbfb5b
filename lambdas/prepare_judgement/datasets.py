"""Writes the datasets of a run's evaluation jobs, answers included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from finetune_aws import objects
from finetune_aws.answer_files import read_answers
from finetune_core import judge_records
from finetune_core.contracts import AnswerSet, Champion, Plan, Validation
from finetune_core.errors import EvaluationFailed
from finetune_core.gate import Judge
from finetune_core.judges import BUILT_IN, JudgeJob, Judgement, job_name
from finetune_core.prompts import Prompt, read_prompts
from finetune_core.verdicts import Contestant


def prepare(*, plan: Plan, validation: Validation, champion: Champion, answers: list[AnswerSet]) -> Judgement:
    """Return what the judge is asked, its datasets written to ``runs/<run_id>/judge/datasets/``.

    A contestant that gave no answer has no job.

    Raises:
        EvaluationFailed: the settings ask for no judge; or it is to decide and can read none of the prompts.
    """
    judge = _judge(plan)
    asked = validation.evaluation
    questions = list(read_prompts(objects.read(asked.bucket, asked.key)))
    prompts = judge_records.judged(questions)
    if judge.decides and not prompts:
        raise EvaluationFailed(
            f"the judge can read none of {len(questions)} held-out prompts",
            where="gate.judge.decides",
            remedy="It reads at most 4 KB of text each. Shorten them, or let gate.judge.decides be false.",
        )
    names: list[Contestant] = (
        ["base", "champion", "candidate"] if champion.model_id else ["base", "candidate"]
    )
    return Judgement(
        model=judge.model,
        metrics=[BUILT_IN + metric for metric in judge.metrics],
        jobs=list(_jobs(plan, names, questions, prompts, answers)),
        judged=sorted(prompts),
        left_out=len(questions) - len(prompts),
    )


def _judge(plan: Plan) -> Judge:
    judge = plan.settings.gate.judge
    if judge is None:
        raise EvaluationFailed(
            "the run's settings ask for no judge",
            where="gate.judge",
            remedy="Deploy state machine and functions from the same commit.",
        )
    return judge


def _jobs(
    plan: Plan,
    names: Sequence[Contestant],
    questions: Sequence[Prompt],
    prompts: Mapping[int, str],
    answers: list[AnswerSet],
) -> Iterator[JudgeJob]:
    for contestant in names:
        records = judge_records.sent(questions, prompts, read_answers(plan, answers, contestant))
        if records:
            key = f"{plan.prefix}/judge/datasets/{contestant}.jsonl"
            body = judge_records.lines(records, contestant)
            yield JudgeJob(
                contestant=contestant,
                name=job_name(plan.run_id, contestant),
                token=f"{plan.token}-{contestant}",
                source=contestant,
                dataset=objects.write(plan.artifacts_bucket, key, body, "application/jsonl"),
                output=f"s3://{plan.artifacts_bucket}/{plan.prefix}/judge/output/{contestant}/",
                records=len(records),
            )
