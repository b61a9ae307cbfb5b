"""Reads what the evaluation jobs of a run left in S3."""

from __future__ import annotations

from collections.abc import Sequence

from finetune_aws import objects
from finetune_core import judge_records
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Round, contestants
from finetune_core.failures import diagnose
from finetune_core.gate import Judge
from finetune_core.judge_records import Scores
from finetune_core.judges import Judged, JudgeJob, Judgement
from finetune_core.prompts import Prompt
from finetune_core.verdicts import Contestant


def read_scores(
    judge: Judge,
    judgement: Judgement,
    ended: Sequence[Judged],
    questions: Sequence[Prompt],
    asked: Round,
) -> dict[Contestant, Scores]:
    """Return the judge's scores of every contestant that it was shown answers of.

    Raises:
        EvaluationFailed: there was nothing to judge, a job did not complete, or its output cannot be read.
    """
    if not judgement.jobs:
        raise EvaluationFailed(
            "no contestant gave an answer that a judge could read",
            where="gate.judge",
            remedy="Look at the run's answers; prompts with more than text or 4 KB are not judged.",
        )
    prompts = judge_records.judged(questions)
    by_name, states = contestants(asked), {each.contestant: each for each in ended}
    found = {}
    for job in judgement.jobs:
        _completed(job, states.get(job.contestant))
        bucket, prefix = objects.split_uri(job.output)
        files = {
            f"s3://{bucket}/{key}": objects.read(bucket, key)
            for key in objects.keys(bucket, prefix)
            if key.endswith(judge_records.SUFFIX)
        }
        records = judge_records.sent(questions, prompts, by_name[job.contestant])
        found[job.contestant] = judge_records.scores(files, records, judge.metrics)
    return found


def _completed(job: JudgeJob, ended: Judged | None) -> None:
    if ended is not None and ended.status == "Completed":
        return
    told = (ended.failure if ended else "") or "the service gave no reason"
    status = ended.status if ended else "not started"
    diagnosis = diagnose(told)
    raise EvaluationFailed(
        f'the judge did not score the answers of the {job.contestant} (job {status}): "{told}"',
        where=(ended.arn if ended else "") or f"evaluation job {job.name}",
        remedy=diagnosis.remedy
        if diagnosis.known
        else "Look at the job in the Bedrock console; then drop the data again, or leave gate.judge out.",
    )
