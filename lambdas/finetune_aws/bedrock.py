"""Bedrock's control plane: base models, customization and evaluation jobs, custom models.

Requests and answers follow botocore 1.43.106, service model bedrock/2023-04-20.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Literal

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import AccessDenied, Conflict, NotFound

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock.type_defs import (
        FoundationModelDetailsTypeDef,
        FoundationModelSummaryTypeDef,
        GetCustomModelResponseTypeDef,
        GetModelCustomizationJobResponseTypeDef,
    )

CustomizationKind = Literal["FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION"]
"""What ListFoundationModels can filter by (reinforcement fine-tuning is not among them)."""


def foundation_model(model_id: str) -> FoundationModelDetailsTypeDef | None:
    """Return a base model as Bedrock describes it here and now, or None when the Region has none.

    Calls: bedrock:GetFoundationModel.
    """
    try:
        with translated("bedrock:GetFoundationModel", model_id):
            return bedrock().get_foundation_model(modelIdentifier=model_id).get("modelDetails")
    except NotFound:
        return None


def tunable_models(kind: CustomizationKind) -> list[FoundationModelSummaryTypeDef]:
    """Return the base models that this Region customizes in this way.

    Calls: bedrock:ListFoundationModels.
    """
    with translated("bedrock:ListFoundationModels", kind):
        answer = bedrock().list_foundation_models(byCustomizationType=kind)
    return answer.get("modelSummaries", [])


def custom_model(identifier: str) -> GetCustomModelResponseTypeDef | None:
    """Return a custom model by ARN or name, or None. Calls: bedrock:GetCustomModel."""
    try:
        with translated("bedrock:GetCustomModel", identifier):
            return bedrock().get_custom_model(modelIdentifier=identifier)
    except NotFound:
        return None


def own_models() -> Iterator[str]:
    """Yield the ARNs of the account's own custom models in this Region. Calls: bedrock:ListCustomModels."""
    pages = bedrock().get_paginator("list_custom_models").paginate(isOwned=True)
    with translated("bedrock:ListCustomModels"):
        for page in pages:
            for model in page.get("modelSummaries", []):
                yield model["modelArn"]


def delete_custom_model(identifier: str) -> None:
    """Delete a custom model; one that is gone already is fine. Calls: bedrock:DeleteCustomModel."""
    try:
        with translated("bedrock:DeleteCustomModel", identifier):
            bedrock().delete_custom_model(modelIdentifier=identifier)
    except NotFound:
        return
    except AccessDenied:
        # What is gone has no tag any more that would allow its deletion: IAM answers before Bedrock does.
        if custom_model(identifier) is not None:
            raise


def customization_job(name: str) -> GetModelCustomizationJobResponseTypeDef | None:
    """Return a job by name or ARN, or None. Calls: bedrock:GetModelCustomizationJob."""
    try:
        with translated("bedrock:GetModelCustomizationJob", name):
            return bedrock().get_model_customization_job(jobIdentifier=name)
    except NotFound:
        return None


def jobs_in_progress() -> list[str]:
    """Return the names of the account's jobs in progress. Calls: bedrock:ListModelCustomizationJobs."""
    pages = bedrock().get_paginator("list_model_customization_jobs").paginate(statusEquals="InProgress")
    with translated("bedrock:ListModelCustomizationJobs"):
        return [job["jobName"] for page in pages for job in page.get("modelCustomizationJobSummaries", [])]


def stop_job(arn: str) -> None:
    """Stop a running job; one that stops already is fine. Calls: bedrock:StopModelCustomizationJob."""
    try:
        with translated("bedrock:StopModelCustomizationJob", arn):
            bedrock().stop_model_customization_job(jobIdentifier=arn)
    except Conflict:
        return


def evaluation_jobs(names: Collection[str]) -> list[str]:
    """Return the ARNs of evaluation jobs with these names that are in progress.

    A job is looked up by its ARN alone, so one whose create call lost its answer is found by its name.
    Calls: bedrock:ListEvaluationJobs.
    """
    found = []
    for name in names:
        pages = bedrock().get_paginator("list_evaluation_jobs")
        with translated("bedrock:ListEvaluationJobs", name):
            for page in pages.paginate(nameContains=name, statusEquals="InProgress"):
                found += [job["jobArn"] for job in page.get("jobSummaries", []) if job["jobName"] == name]
    return found


def stop_evaluation_job(arn: str) -> None:
    """Stop an evaluation job; one that has ended already is fine. Calls: bedrock:StopEvaluationJob."""
    try:
        with translated("bedrock:StopEvaluationJob", arn):
            bedrock().stop_evaluation_job(jobIdentifier=arn)
    except Conflict:
        return


def resource_tags(arn: str) -> dict[str, str]:
    """Return a resource's tags, empty when it is gone. Calls: bedrock:ListTagsForResource."""
    try:
        with translated("bedrock:ListTagsForResource", arn):
            answer = bedrock().list_tags_for_resource(resourceARN=arn)
    except NotFound:
        return {}
    return {tag["key"]: tag["value"] for tag in answer.get("tags", [])}


def tag_resource(arn: str, tags: dict[str, str]) -> None:
    """Set tags of a resource; others that it has stay. Calls: bedrock:TagResource."""
    with translated("bedrock:TagResource", arn):
        bedrock().tag_resource(resourceARN=arn, tags=as_tags(tags))


def bedrock() -> BedrockClient:
    """Return the control plane's client."""
    found: BedrockClient = client("bedrock")
    return found


def as_tags(tags: dict[str, str]) -> list[Any]:
    """Return ``tags`` in the form that Bedrock's create calls take."""
    return [{"key": key, "value": value} for key, value in tags.items()]
