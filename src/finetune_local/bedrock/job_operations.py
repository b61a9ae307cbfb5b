"""Operations on customization jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from finetune_local.bedrock import quotas
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.datasets import DataRefusedError, check_access
from finetune_local.bedrock.errors import conflict, invalid, over_quota
from finetune_local.bedrock.foundation_models import (
    DISTILLATION,
    FINE_TUNING,
    REINFORCEMENT,
    TEACHERS,
    FoundationModel,
    find,
)
from finetune_local.bedrock.job_views import job_detail, job_summary
from finetune_local.bedrock.model_lookup import base_of, by_identifier, refuse_legacy
from finetune_local.bedrock.reinforcement import check_configuration
from finetune_local.bedrock.requests import checked_tags, listed, remember, replayed
from finetune_local.bedrock.resources import Job, new_id
from finetune_local.bedrock.training import JobRun, announce

_OPERATION: Final = "CreateModelCustomizationJob"
_NOT_RUN_HERE: Final = frozenset({"IMPORTED"})


def create_model_customization_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """CreateModelCustomizationJob: check, reserve the names, try the role, start the job."""
    state = context.state
    with state.lock:
        if (arn := replayed(context, _OPERATION, request)) is not None:
            return {"jobArn": arn}
        job = _planned(context, request)
        names = _names(request)
        _check_names(context, request)
        _check_quotas(context)
        state.reserved_names |= names
    try:
        _check_role(context, job)
        job.kms_key_arn = _key_arn(context, job)
        with state.lock:
            state.jobs[job.arn] = job
            state.tags[job.arn] = checked_tags(request.get("jobTags"))
            remember(context, _OPERATION, request, job.arn)
    finally:
        with state.lock:
            state.reserved_names -= names
    announce(context, job)
    JobRun(context, job).start()
    return {"jobArn": job.arn}


def _planned(context: Context, request: dict[str, Any]) -> Job:
    checked_tags(request.get("jobTags"))
    checked_tags(request.get("customModelTags"))
    kind = request.get("customizationType", FINE_TUNING)
    base, parent = base_of(context, request["baseModelIdentifier"])
    _check_kind(base, kind, request, context.region)
    refuse_legacy(context, base, "customization")
    typed = kind == REINFORCEMENT  # its hyperparameters are members of rftConfig, not strings in a map
    hyperparameters = {} if typed else base.resolve_hyperparameters(request.get("hyperParameters", {}))
    now = context.now
    return Job(
        arn=context.state.arn("model-customization-job", f"{base.model_id}/{new_id()}"),
        model_arn=context.state.arn("custom-model", f"{base.model_id}/{new_id()}"),
        base=base,
        parent_arn=parent.arn if parent else None,
        request=request,
        customization_type=kind,
        hyperparameters=hyperparameters,
        kms_key_arn=None,
        created_at=now,
        changed_at=now,
    )


def _check_kind(base: FoundationModel, kind: str, request: dict[str, Any], region: str) -> None:
    if kind in _NOT_RUN_HERE:
        raise invalid(f"The local Bedrock does not run {kind} jobs; run this kind on AWS.")
    if kind not in base.formats:
        raise invalid(f"The customization type {kind} is not supported for the base model {base.model_id}.")
    if kind == DISTILLATION:
        _check_teacher(base, request.get("customizationConfig", {}), region)
    elif kind == REINFORCEMENT:
        check_configuration(request)
    elif "customizationConfig" in request:
        raise invalid(f"customizationConfig is not supported for the customization type {kind}.")
    if "s3Uri" not in request["trainingDataConfig"]:
        raise invalid("trainingDataConfig.s3Uri is required.")
    if request.get("validationDataConfig", {}).get("validators") and not base.validation:
        raise invalid(f"The base model {base.model_id} does not take validation data.")


def _check_teacher(base: FoundationModel, configured: dict[str, Any], region: str) -> None:
    if "distillationConfig" not in configured:
        raise invalid("customizationConfig.distillationConfig is required for DISTILLATION.")
    teacher = configured["distillationConfig"]["teacherModelConfig"]["teacherModelIdentifier"]
    found = find(teacher.rsplit("/", 1)[-1].removeprefix("us."), region)
    if found is None or base.plain_id not in TEACHERS.get(found[0].plain_id, ()):
        raise invalid(f"The model {teacher} is not supported as a teacher of {base.model_id}.")


def _names(request: dict[str, Any]) -> set[str]:
    return {f"job {request['jobName']}", f"model {request['customModelName']}"}


def _check_names(context: Context, request: dict[str, Any]) -> None:
    """Refuse a job name that was ever used (there is no call that deletes a job) or a model name in use."""
    state, job, model = context.state, request["jobName"], request["customModelName"]
    if f"job {job}" in state.reserved_names or any(other.name == job for other in state.jobs.values()):
        raise invalid("The provided job name is currently in use.")
    promised = {other.request["customModelName"] for other in state.jobs.values() if other.running}
    existing = {other.name for other in state.models.values()}
    if f"model {model}" in state.reserved_names or model in promised | existing:
        raise invalid("The provided custom model name is currently in use.")


def _check_quotas(context: Context) -> None:
    state = context.state
    waiting = len(state.reserved_names) // 2
    running = sum(job.running for job in state.jobs.values()) + waiting
    scheduled, models = context.quota(quotas.SCHEDULED_JOBS), context.quota(quotas.CUSTOM_MODELS)
    if running >= scheduled:
        raise over_quota(f"You have reached the limit of {scheduled} scheduled customization jobs.")
    if len(state.models) + running >= models:
        raise over_quota(
            f"You have reached the limit of {models} custom models per account ({quotas.CUSTOM_MODELS})."
        )


def _check_role(context: Context, job: Job) -> None:
    request = job.request
    validators = request.get("validationDataConfig", {}).get("validators", [])
    inputs = [request["trainingDataConfig"]["s3Uri"], *(validator["s3Uri"] for validator in validators)]
    try:
        with _assuming(request["roleArn"]):
            s3 = context.cloud.service_role_session(
                request["roleArn"], job.arn, context.account, context.region
            ).client("s3")
        check_access(s3, inputs, request["outputDataConfig"]["s3Uri"])
    except DataRefusedError as refusal:
        raise invalid(str(refusal)) from refusal


@contextmanager
def _assuming(role_arn: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, PermissionError) as error:
        raise invalid(
            f"Amazon Bedrock could not assume the role {role_arn}. Check that its trust policy names the "
            f"service principal bedrock.amazonaws.com and that its conditions hold."
        ) from error


def _key_arn(context: Context, job: Job) -> str | None:
    """Return the ARN of the model's key; an alias is looked up with the service role."""
    given = job.request.get("customModelKmsKeyId")
    if given is None or ":key/" in given:
        return given
    if re.fullmatch(r"[a-zA-Z0-9-]{36}", given):
        return f"arn:aws:kms:{context.region}:{context.account}:key/{given}"
    with _assuming(job.request["roleArn"]):
        kms = context.cloud.service_role_session(
            job.request["roleArn"], job.arn, context.account, context.region
        ).client("kms")
    try:
        return str(kms.describe_key(KeyId=given)["KeyMetadata"]["Arn"])
    except ClientError as error:
        raise invalid(f"The KMS key {given} cannot be used: {error}") from error


def get_model_customization_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetModelCustomizationJob."""
    with context.state.lock:
        return job_detail(by_identifier(context.state.jobs, request["jobIdentifier"], "job"))


def list_model_customization_jobs(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListModelCustomizationJobs."""
    wanted = request.get("statusEquals")
    with context.state.lock:
        jobs = [job for job in context.state.jobs.values() if wanted in (None, job.status)]
        chosen, token = listed(jobs, request)
        return {"nextToken": token, "modelCustomizationJobSummaries": [job_summary(job) for job in chosen]}


def stop_model_customization_job(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """StopModelCustomizationJob: no model comes of a stopped job (user guide, read 2026-11-24)."""
    with context.state.lock:
        job = by_identifier(context.state.jobs, request["jobIdentifier"], "job")
        if not job.running:
            raise conflict(f"The job {job.name} cannot be stopped: its status is {job.status}.")
        first = job.status == "InProgress"
        if first:
            job.status, job.changed_at = "Stopping", context.now
            for stage in job.stages.values():
                if stage.status == "InProgress":
                    stage.status, stage.changed_at = "Stopping", context.now
    if first:
        announce(context, job)
        job.stop.set()
    return {}
