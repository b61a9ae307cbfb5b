"""What the API and EventBridge tell about a job."""

from __future__ import annotations

from typing import Any

from finetune_local.bedrock.resources import Job, Stage
from finetune_local.bedrock.shapes import iso_time


def job_detail(job: Job) -> dict[str, Any]:
    """Return the answer of GetModelCustomizationJob."""
    request = job.request
    return {
        "jobArn": job.arn,
        "jobName": job.name,
        "outputModelName": request["customModelName"],
        "outputModelArn": job.model_arn if job.status == "Completed" else None,
        "clientRequestToken": request.get("clientRequestToken"),
        "roleArn": request["roleArn"],
        "status": job.status,
        "statusDetails": status_details(job),
        "failureMessage": job.failure,
        "creationTime": job.created_at,
        "lastModifiedTime": job.changed_at,
        "endTime": job.ended_at,
        "outputModelKmsKeyArn": job.kms_key_arn,
        "vpcConfig": request.get("vpcConfig"),
        **_data_and_metrics(job, job.base.arn(_region(job))),
    }


def model_data(job: Job) -> dict[str, Any]:
    """Return the part of GetCustomModel that tells how the model came about."""
    return {
        "jobName": job.name,
        "jobArn": job.arn,
        "modelKmsKeyArn": job.kms_key_arn,
        **_data_and_metrics(job, job.parent_arn or job.base.arn(_region(job))),
    }


def job_summary(job: Job) -> dict[str, Any]:
    """Return the job's entry in ListModelCustomizationJobs."""
    done = job.status == "Completed"
    return {
        "jobArn": job.arn,
        "baseModelArn": job.base.arn(_region(job)),
        "jobName": job.name,
        "status": job.status,
        "statusDetails": status_details(job),
        "lastModifiedTime": job.changed_at,
        "creationTime": job.created_at,
        "endTime": job.ended_at,
        "customModelArn": job.model_arn if done else None,
        "customModelName": job.request["customModelName"],
        "customizationType": job.customization_type,
    }


def event_detail(job: Job) -> dict[str, Any]:
    """Return the detail of a state change event.

    Fields: user guide, monitoring-eventbridge-how-it-works (read 2026-11-24).
    """
    validators = job.request.get("validationDataConfig", {}).get("validators", [])
    detail = {
        "version": "0.0",
        "jobName": job.name,
        "jobArn": job.arn,
        "outputModelName": job.request["customModelName"],
        "outputModelArn": job.model_arn,
        "roleArn": job.request["roleArn"],
        "jobStatus": job.status,
        "failureMessage": job.failure,
        "creationTime": iso_time(job.created_at),
        "lastModifiedTime": iso_time(job.changed_at),
        "endTime": iso_time(job.ended_at) if job.ended_at else None,
        "baseModelArn": job.base.arn(_region(job)),
        "hyperParameters": job.hyperparameters,
        "trainingDataConfig": {"s3Uri": job.request["trainingDataConfig"]["s3Uri"]},
        "validationDataConfig": {"s3Uri": validators[0]["s3Uri"]} if validators else None,
        "outputDataConfig": {"s3Uri": job.request["outputDataConfig"]["s3Uri"]},
    }
    return {name: value for name, value in detail.items() if value is not None}


def status_details(job: Job) -> dict[str, Any]:
    """Return a job's statusDetails."""
    names = {
        "validation": "validationDetails",
        "data_processing": "dataProcessingDetails",
        "training": "trainingDetails",
    }
    return {names[name]: _stage(stage) for name, stage in job.stages.items()}


def _stage(stage: Stage) -> dict[str, Any]:
    entry = {"status": stage.status, "creationTime": stage.created_at, "lastModifiedTime": stage.changed_at}
    return {name: value for name, value in entry.items() if value is not None}


def _data_and_metrics(job: Job, base_arn: str) -> dict[str, Any]:
    loss, validation_loss = job.training_loss, job.validation_loss
    return {
        "baseModelArn": base_arn,
        "customizationType": job.customization_type,
        "hyperParameters": job.hyperparameters,
        "customizationConfig": job.request.get("customizationConfig"),
        "trainingDataConfig": job.request["trainingDataConfig"],
        "validationDataConfig": job.request.get("validationDataConfig", {"validators": []}),
        "outputDataConfig": job.request["outputDataConfig"],
        "trainingMetrics": None if loss is None else {"trainingLoss": loss},
        "validationMetrics": None if validation_loss is None else [{"validationLoss": validation_loss}],
    }


def _region(job: Job) -> str:
    return job.arn.split(":")[3]
