"""The finished job as Bedrock describes it, with the curves it wrote to S3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from finetune_aws import bedrock, objects
from finetune_core import curve_judgement, curves, reward_judgement, rewards
from finetune_core.contracts import CurveFinding, Loss, Plan, TokenRange, Training
from finetune_core.errors import TrainingFailed
from finetune_core.failures import diagnose

if TYPE_CHECKING:
    from mypy_boto3_bedrock.type_defs import GetModelCustomizationJobResponseTypeDef


def read_job(plan: Plan, tokens: TokenRange) -> Training:
    """Return the run's finished job; `tokens` are those of one pass over its training file.

    Raises:
        TrainingFailed: the job is not there, or did not end as Completed; with cause and remedy.
    """
    job = bedrock.customization_job(plan.names.job)
    if job is None:
        raise TrainingFailed(
            f"customization job {plan.names.job} does not exist",
            where=f"run {plan.run_id}",
            remedy="Drop the data again for a new run.",
        )
    if job.get("status") != "Completed" or "outputModelArn" not in job:
        diagnosis = diagnose(job.get("failureMessage") or _stopped(job.get("status")))
        raise TrainingFailed(
            f"the customization job ended as {job.get('status')}. {diagnosis}",
            where=job["jobArn"],
            remedy=diagnosis.remedy,
        )
    return _training(plan, job, tokens)


def _training(plan: Plan, job: GetModelCustomizationJobResponseTypeDef, tokens: TokenRange) -> Training:
    prefix = f"{plan.prefix}/training/"
    keys = list(objects.keys(plan.artifacts_bucket, prefix))
    curve_key = curves.find(keys, curves.TRAINING_FILE)
    checks_key = curves.find(keys, curves.VALIDATION_FILE)
    text, checks = _text(plan.artifacts_bucket, curve_key), _text(plan.artifacts_bucket, checks_key)
    rewarded = plan.settings.customization_type == rewards.KIND
    known, findings = (_rewards if rewarded else _losses)(job, text, checks)
    return Training(
        job_arn=job["jobArn"],
        model_arn=job["outputModelArn"],
        status="Completed",
        **known,
        seconds=_seconds(job),
        curve_uri=_uri(plan.artifacts_bucket, curve_key),
        validation_curve_uri=_uri(plan.artifacts_bucket, checks_key),
        findings=findings,
        blocked=curve_judgement.block(findings, plan.settings.training_gate),
        **({} if rewarded else _trained(tokens, curves.epochs(text), job.get("hyperParameters", {}))),
    )


def _losses(
    job: GetModelCustomizationJobResponseTypeDef, text: str, checks: str
) -> tuple[dict[str, Any], list[CurveFinding]]:
    """Return first and last loss of both curves, the number of steps, and what the curves show."""
    steps = curves.parse(text, "training_loss")
    checked = curves.parse(checks, "validation_loss")
    losses = curve_judgement.Losses(
        training=steps,
        validation=checked,
        lost_at=curves.first_broken(text, "training_loss"),
        hyperparameters=job.get("hyperParameters", {}),
    )
    known = {
        "training_loss": curves.loss(steps) or _only(job.get("trainingMetrics", {}).get("trainingLoss")),
        "validation_loss": curves.loss(checked) or _validation_metric(job),
        "steps": _last(steps),
    }
    return known, curve_judgement.judge(losses)


def _rewards(
    job: GetModelCustomizationJobResponseTypeDef, text: str, checks: str
) -> tuple[dict[str, Any], list[CurveFinding]]:
    """Return the same of the rewards that a reinforcement has in place of losses."""
    steps = curves.parse(text, reward_judgement.TRAINING_COLUMN)
    told = job.get("customizationConfig", {}).get("rftConfig", {}).get("hyperParameters", {})
    findings = reward_judgement.judge(
        steps,
        curves.first_broken(text, reward_judgement.TRAINING_COLUMN),
        {name: str(value) for name, value in told.items()},
    )
    known = {
        "training_loss": None,
        "validation_loss": None,
        "training_reward": curves.loss(steps),
        "validation_reward": curves.loss(curves.parse(checks, reward_judgement.VALIDATION_COLUMN)),
        "steps": _last(steps),
    }
    return known, findings


def _last(steps: list[curves.Point]) -> int:
    return max((step for step, _ in steps), default=0)


def _trained(tokens: TokenRange, seen: int | None, hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Return how many tokens were trained on, as the bill counts them: tokens of the data x passes.

    Neither the job nor its metrics files hold a token count (GetModelCustomizationJob in botocore 1.43.106;
    "Analyze the results of a model customization job", Bedrock user guide, read 2026-11-24), so the tokens of
    one pass stay an estimate; the passes are those the job was given, else ("Auto") those its curve shows.
    """
    given = hyperparameters.get("epochCount", "")
    passes = int(given) if given.isdigit() else seen
    if passes is None:
        return {}
    told = f"{passes} epochs of the job's {'hyperparameters' if given.isdigit() else 'curve'}"
    return {
        "trained_tokens": tokens.expected * passes,
        "tokens_from": f"estimated: about {tokens.expected:,} tokens a pass x {told}",
    }


def _text(bucket: str, key: str | None) -> str:
    return "" if key is None else objects.read(bucket, key).decode("utf-8", "replace")


def _uri(bucket: str, key: str | None) -> str | None:
    return f"s3://{bucket}/{key}" if key else None


def _validation_metric(job: GetModelCustomizationJobResponseTypeDef) -> Loss | None:
    """Return the job's own validation loss, when it has no curve: one value, so first and last agree."""
    metrics = job.get("validationMetrics", [])
    return _only(metrics[0].get("validationLoss")) if metrics else None


def _only(value: float | None) -> Loss | None:
    return None if value is None else Loss(first=value, last=value)


def _seconds(job: GetModelCustomizationJobResponseTypeDef) -> float:
    ended = job.get("endTime") or job.get("lastModifiedTime")
    started = job["creationTime"]
    if not isinstance(ended, datetime) or not isinstance(started, datetime):
        return 0.0
    return round((ended - started).total_seconds(), 3)


def _stopped(status: str | None) -> str | None:
    return "the job was stopped on request" if status == "Stopped" else None
