"""Training: the Bedrock customization job, waited for by Step Functions itself.

Written by hand because the CDK task renders no `.sync` and takes no dynamic S3 key (aws-cdk-lib 2.275.0).
Arguments are PascalCase:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html (read 2026-11-23).
"""

from __future__ import annotations

from stacks.workflow.states import (
    BEDROCK_TRANSIENT,
    Resources,
    State,
    States,
    call_function,
    catch_failure,
    expression,
    quota_retry,
    record_phase,
    retry,
    tags,
)


def train_states(resources: Resources, *, timeout_seconds: int) -> States:
    """Give the states that train the custom model and read what the job left behind."""
    return {
        "Record training": record_phase(
            resources, "train", following="Train model", results=("price", "approval")
        ),
        "Train model": _train(resources, timeout_seconds),
        "Read training": call_function(
            resources.functions["read_training"],
            {"plan": "$plan"},
            phase="train",
            result="training",
            following="Leave job queue",
            seconds=300,
        ),
    }


def _train(resources: Resources, timeout_seconds: int) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::bedrock:createModelCustomizationJob.sync",
        "Arguments": expression(_job(resources)),
        "TimeoutSeconds": timeout_seconds,
        "Retry": [
            retry(BEDROCK_TRANSIENT),
            quota_retry(),
        ],
        "Catch": catch_failure("train"),
        "Next": "Read training",
    }


def _job(resources: Resources) -> str:
    """Give JSONata code for the request; members that are not wanted must be absent, not null."""
    tagged = tags(resources)
    return f"""$merge([
        {{
            'JobName': $plan.names.job,
            'CustomModelName': $plan.names.model,
            'RoleArn': '{resources.bedrock_role_arn}',
            'ClientRequestToken': $plan.token,
            'BaseModelIdentifier': $preflight.base_model_arn,
            'CustomizationType': $preflight.customization_type,
            'CustomModelKmsKeyId': '{resources.model_key_arn}',
            'JobTags': {tagged},
            'CustomModelTags': {tagged},
            'TrainingDataConfig': {{'S3Uri': $validation.train_uri}},
            'OutputDataConfig': {{
                'S3Uri': 's3://{resources.artifacts_bucket}/' & $plan.prefix & '/training'
            }},
            'HyperParameters': $preflight.hyperparameters
        }},
        $validation.validation_uri
            ? {{'ValidationDataConfig': {{'Validators': [{{'S3Uri': $validation.validation_uri}}]}}}}
            : {{}}
    ])"""
