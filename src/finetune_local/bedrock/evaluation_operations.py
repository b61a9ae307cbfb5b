"""Operations on evaluation jobs: those with a judge whose answers are brought along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from finetune_local.bedrock import foundation_models, quotas
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.datasets import S3, DataRefusedError, check_access, put
from finetune_local.bedrock.errors import conflict, invalid, not_found, over_quota
from finetune_local.bedrock.evaluation_jobs import EvaluationJob, EvaluationRun
from finetune_local.bedrock.evaluation_records import ACCESS_CHECK_FILE
from finetune_local.bedrock.invocation import PROFILE
from finetune_local.bedrock.judge_measures import MEASURES, NOT_MEASURED
from finetune_local.bedrock.requests import checked_tags, listed, remember, replayed

_OPERATION: Final = "CreateEvaluationJob"
_TASK_TYPE: Final = "General"
"""With another one a job with a judge fails (AWS's own example says so, read 2026-11-28)."""
_PAGE: Final = 5
"""EvaluationSummaries in botocore's model has at most as many."""


def create_evaluation_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """CreateEvaluationJob: check, try the role, start the job."""
    state = context.state
    with state.lock:
        if (arn := replayed(context, _OPERATION, request)) is not None:
            return {"jobArn": arn}
        job = _planned(context, request)
        reserved = f"evaluation {job.name}"
        if reserved in state.reserved_names or any(
            other.name == job.name for other in state.evaluations.values()
        ):
            raise invalid(f"The provided job name {job.name} is currently in use.")
        _check_quota(context)
        state.reserved_names.add(reserved)
    try:
        _check_role(context, job)
        with state.lock:
            state.evaluations[job.arn] = job
            state.tags[job.arn] = checked_tags(request.get("jobTags"))
            remember(context, _OPERATION, request, job.arn)
    finally:
        with state.lock:
            state.reserved_names.discard(reserved)
    EvaluationRun(context, job).start()
    return {"jobArn": job.arn}


def _planned(context: Context, request: dict[str, Any]) -> EvaluationJob:
    checked_tags(request.get("jobTags"))
    wrong = next(_faults(request), None)
    if wrong:
        raise invalid(wrong)
    now = context.now
    arn = context.state.arn("evaluation-job")
    job = EvaluationJob(arn=arn, request=request, created_at=now, changed_at=now)
    _check_judge(context, job.judge)
    return job


def _faults(request: dict[str, Any]) -> Iterator[str]:
    """Yield what the service model lets through and a job with a judge does not."""
    if request.get("applicationType", "ModelEvaluation") != "ModelEvaluation":
        yield "The local Bedrock does not run RagEvaluation jobs; run this kind on AWS."
    automated = request["evaluationConfig"].get("automated")
    models = request["inferenceConfig"].get("models", [])
    if automated is None or "customMetricConfig" in automated or "customerEncryptionKeyId" in request:
        yield "The local Bedrock runs automated jobs with built-in metrics and AWS's key; run this on AWS."
        return
    if "evaluatorModelConfig" not in automated:
        yield "The local Bedrock runs jobs with a judge: evaluatorModelConfig is required."
    if len(models) != 1 or "precomputedInferenceSource" not in models[0]:
        yield "Automated jobs take one model; the local Bedrock runs those whose answers are brought along."
    configs = automated["datasetMetricConfigs"]
    if len(configs) != 1 or "s3Uri" not in configs[0]["dataset"].get("datasetLocation", {}):
        yield "The local Bedrock takes one dataset with a datasetLocation."
        return
    if configs[0]["taskType"] != _TASK_TYPE:
        yield f"The taskType of a job with a judge must be {_TASK_TYPE}, not {configs[0]['taskType']}."
    yield from _metric_faults(configs[0]["metricNames"])


def _metric_faults(metrics: list[str]) -> Iterator[str]:
    if len(set(metrics)) != len(metrics):
        yield "metricNames holds a name twice."
    for metric in metrics:
        if metric in NOT_MEASURED:
            yield f"The local Bedrock's judges cannot measure {metric}; ask for it on AWS."
        elif metric not in MEASURES:
            yield f"{metric} is no built-in metric of a judge."


def _check_judge(context: Context, identifier: str) -> None:
    profile = PROFILE.fullmatch(identifier)
    found = foundation_models.find(profile[2] if profile else identifier, context.region)
    if found is None or not found[1] or "TEXT" not in found[0].outputs:
        raise invalid(f"The evaluator model {identifier} is not supported in {context.region}.")
    if found[0].profile_only and not profile:
        raise invalid(f"The evaluator model {identifier} is invoked through an inference profile only.")


def _check_quota(context: Context) -> None:
    running = sum(job.status in ("InProgress", "Stopping") for job in context.state.evaluations.values())
    most = context.quota(quotas.EVALUATIONS)
    if running >= most:
        raise over_quota(f"You have reached the limit of {most} concurrent automatic evaluation jobs.")


def _check_role(context: Context, job: EvaluationJob) -> None:
    role = job.request["roleArn"]
    try:
        session = context.cloud.service_role_session(role, job.arn, context.account, context.region)
        s3: S3 = session.client("s3")
    except (ClientError, PermissionError) as error:
        raise invalid(
            f"Amazon Bedrock could not assume the role {role}. Check that its trust policy names the "
            f"service principal bedrock.amazonaws.com and that its conditions hold."
        ) from error
    output = job.request["outputDataConfig"]["s3Uri"]
    try:
        check_access(s3, [job.dataset["dataset"]["datasetLocation"]["s3Uri"]], output)
        put(s3, output, f"{job.name}/{job.name}/{ACCESS_CHECK_FILE}", b"")
    except DataRefusedError as refusal:
        raise invalid(str(refusal)) from refusal


def _job(context: Context, request: dict[str, Any]) -> EvaluationJob:
    arn = request["jobIdentifier"]
    try:
        return context.state.evaluations[arn]
    except KeyError:
        raise not_found(f"The evaluation job {arn} could not be found.") from None


def get_evaluation_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetEvaluationJob."""
    with context.state.lock:
        job = _job(context, request)
        asked = ("roleArn", "jobDescription", "evaluationConfig", "inferenceConfig", "outputDataConfig")
        return {
            **{name: job.request.get(name) for name in asked},
            "jobArn": job.arn,
            "jobName": job.name,
            "status": job.status,
            "jobType": "Automated",
            "applicationType": "ModelEvaluation",
            "creationTime": job.created_at,
            "lastModifiedTime": job.changed_at,
            "failureMessages": job.failures or None,
        }


def list_evaluation_jobs(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListEvaluationJobs."""
    wanted = request.get("statusEquals")
    page = {**request, "maxResults": min(request.get("maxResults", _PAGE), _PAGE)}
    with context.state.lock:
        jobs = [job for job in context.state.evaluations.values() if wanted in (None, job.status)]
        if request.get("applicationTypeEquals", "ModelEvaluation") != "ModelEvaluation":
            jobs = []
        chosen, token = listed(jobs, page)
        return {"nextToken": token, "jobSummaries": [_summary(job) for job in chosen] or None}


def _summary(job: EvaluationJob) -> dict[str, Any]:
    source = {"modelConfigSummary": {"precomputedInferenceSourceIdentifiers": [job.source]}}
    return {
        "jobArn": job.arn,
        "jobName": job.name,
        "status": job.status,
        "creationTime": job.created_at,
        "jobType": "Automated",
        "evaluationTaskTypes": [job.dataset["taskType"]],
        "evaluatorModelIdentifiers": [job.judge],
        "inferenceConfigSummary": source,
        "applicationType": "ModelEvaluation",
    }


def stop_evaluation_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """StopEvaluationJob: what was judged until then is billed and not written."""
    with context.state.lock:
        job = _job(context, request)
        if job.status not in ("InProgress", "Stopping"):
            raise conflict(f"The evaluation job {job.name} cannot be stopped: its status is {job.status}.")
        job.status, job.changed_at = "Stopping", context.now
        job.stop.set()
    return {}
