"""Training: the Bedrock customization job, waited for by Step Functions itself and watched beside it.

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
    failure,
    quota_retry,
    record_phase,
    retry,
    tags,
)

PHASE = "train"
BLIND_LOOKS = 12
"""Looks at the job that may fail in a row; after that it is watched by the task's own time limit alone."""


def train_states(
    resources: Resources, *, timeout_seconds: int, poll_seconds: int, stall_seconds: int
) -> States:
    """Give the states that train the custom model, watch the job, and judge what it left behind."""
    blocked = "$training.blocked"
    return {
        "Record training": record_phase(
            resources, PHASE, following="Train and watch", results=("price", "approval")
        ),
        "Train and watch": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Train model", "States": {"Train model": _train(resources, timeout_seconds)}},
                {"StartAt": "Start watch", "States": _watch(poll_seconds, stall_seconds)},
            ],
            "Catch": catch_failure(PHASE),
            "Next": "Read training",
        },
        "Read training": call_function(
            resources.functions["read_training"],
            {"plan": "$plan", "validation": "$validation"},
            phase=PHASE,
            result="training",
            following="Leave job queue",
            seconds=300,
        ),
        "Is the training sound": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"{blocked}.outcome ? true : false"),
                    "Assign": failure(PHASE, f"{blocked}.outcome", f"{blocked}.message"),
                    "Next": "Clean up",
                }
            ],
            "Default": "Record serving",
        },
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
        "End": True,
    }


def _watch(poll_seconds: int, stall_seconds: int) -> States:
    """Give the branch that looks at the job while it trains; it ends with the job, or fails as stalled.

    Stalled is a job of which no stage has changed for `stall_seconds`, as long as it does not train: jobs
    have sat for days in NotStarted without a message (seen in us-east-1, August 2026). How long training
    itself may take is the task's own timeout. Looks are counted, not clocks compared, so that a look that
    fails counts for nothing. One look is three transitions: at five minutes 2,592 in 72 hours (7 cents).
    """
    stages = """(
        $of := function($stage) {(
            $found := $lookup($states.result.StatusDetails, $stage).Status;
            $found ? $found : 'NotStarted'
        )};
        'validation ' & $of('ValidationDetails') & ', data processing ' & $of('DataProcessingDetails')
            & ', training ' & $of('TrainingDetails')
    )"""
    hours = f"{stall_seconds / 3600:g}"
    return {
        "Start watch": {
            "Type": "Pass",
            "Assign": {"stages": "", "unchanged": 0, "blind": 0},
            "Next": "Wait for training",
        },
        "Wait for training": {"Type": "Wait", "Seconds": poll_seconds, "Next": "Look at training"},
        "Look at training": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:getModelCustomizationJob",
            "Arguments": {"JobIdentifier": expression("$plan.names.job")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            # Not there: it waits for a place among the scheduled jobs. Anything else is the task's to judge.
            "Catch": [
                {"ErrorEquals": ["Bedrock.ResourceNotFoundException"], "Next": "Wait for training"},
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"blind": expression("$blind + 1")},
                    "Next": "Is the watch blind",
                },
            ],
            "Assign": {
                "blind": 0,
                "job_status": expression("$states.result.Status"),
                "stages": expression(stages),
                "unchanged": expression(f"{stages} = $stages ? $unchanged + 1 : 0"),
            },
            "Next": "Does the job move",
        },
        "Does the job move": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$job_status != 'InProgress'"), "Next": "Watch ends"},
                {
                    "Condition": expression(
                        f"$unchanged >= {max(1, stall_seconds // poll_seconds)}"
                        " and $not($contains($stages, 'training InProgress'))"
                    ),
                    "Next": "Training stalled",
                },
            ],
            "Default": "Wait for training",
        },
        # Else the run would wait for a watch that never sees the job's end.
        "Is the watch blind": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(f"$blind >= {BLIND_LOOKS}"), "Next": "Watch ends"}],
            "Default": "Wait for training",
        },
        "Watch ends": {"Type": "Succeed"},
        "Training stalled": {
            "Type": "Fail",
            "Error": "TrainingStalled",
            "Cause": expression(
                f"'customization job ' & $plan.names.job & ' has not moved for {hours} hours: ' & $stages &"
                " '. It is stopped. What to do: drop the data again for a new run; if it stalls again, try"
                " another Region or base model and open a case with AWS Support naming the job.'"
            ),
        },
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
            }}
        }},
        $preflight.reward ? {{}} : {{'HyperParameters': $preflight.hyperparameters}},
        $validation.validation_uri
            ? {{'ValidationDataConfig': {{'Validators': [{{'S3Uri': $validation.validation_uri}}]}}}}
            : {{}},
        $preflight.teacher
            ? {{'CustomizationConfig': {{'DistillationConfig': {{'TeacherModelConfig': $merge([
                {{'TeacherModelIdentifier': $preflight.teacher.model}},
                $preflight.teacher.max_response_length
                    ? {{'MaxResponseLengthForInference': $preflight.teacher.max_response_length}} : {{}}
            ])}}}}}}
            : {{}},
        $preflight.reward
            ? {{'CustomizationConfig': {{'RftConfig': {{
                'GraderConfig': {{'LambdaGrader': {{'LambdaArn': $preflight.reward.function_arn}}}},
                'HyperParameters': $preflight.reward.hyperparameters
            }}}}}}
            : {{}}
    ])"""
