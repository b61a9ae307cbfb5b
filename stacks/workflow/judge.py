"""The judge, on request: one evaluation job per contestant, started, waited for, and stopped when it is late.

Bedrock sends no event for evaluation jobs, so the machine polls (read 2026-11-23). A job that fails ends no
state: `Judge models` knows whether the judge decides.
"""

from __future__ import annotations

from finetune_core.judges import TASK_TYPE
from stacks.workflow.states import (
    BEDROCK_TRANSIENT,
    QUOTA_EXCEEDED,
    Resources,
    State,
    States,
    call_function,
    catch_failure,
    expression,
    retry,
    tags,
)

MOST_JOBS = 3
"""Base model, champion and candidate at once, of the 20 automatic jobs that an account may run at once
(general/latest/gr/bedrock.html, read 2026-11-23)."""
_ASKED = "$type($plan.settings.gate.judge) = 'object'"
_ERROR = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
_REASONS = "$exists($states.result.FailureMessages) ? $join($states.result.FailureMessages, '; ') : ''"


def judge_states(
    resources: Resources, *, phase: str, poll_seconds: int, timeout_seconds: int, following: str
) -> States:
    """Give the states from the contestants' answers to the judge's scores, if a judge is asked for."""
    return {
        "Is a judge wanted": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(_ASKED), "Next": "Prepare judgement"}],
            "Default": following,
        },
        "Prepare judgement": call_function(
            resources.functions["prepare_judgement"],
            {name: f"${name}" for name in ("plan", "validation", "champion", "answers")},
            phase=phase,
            result="judgement",
            following="Judge answers",
            seconds=300,
        ),
        "Judge answers": {
            "Type": "Map",
            "Items": expression("[$judgement.jobs]"),
            "MaxConcurrency": MOST_JOBS,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Start judge",
                "States": {
                    "Start judge": _start(resources),
                    **_wait(poll_seconds, looks=max(1, timeout_seconds // poll_seconds)),
                    "Stop judge": _stop(),
                    "Judge ends": _end(),
                },
            },
            "Catch": catch_failure(phase),
            "Assign": {"judged": expression("[$states.result]")},
            "Next": following,
        },
    }


def _start(resources: Resources) -> State:
    """Start the job. A full quota is asked again for half an hour: the endpoint costs meanwhile."""
    begun: dict[str, object] = {"judge_job": expression("$states.input"), "judge_looks": 0}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:bedrock:createEvaluationJob",
        "Arguments": expression(_request(resources)),
        "TimeoutSeconds": 120,
        "Retry": [
            retry(BEDROCK_TRANSIENT),
            retry((QUOTA_EXCEEDED,), seconds=60, attempts=6, limit=600),
        ],
        "Catch": [_given_up({**begun, "judge_arn": "", "judge_status": "NotStarted"}, "Judge ends")],
        "Assign": {**begun, "judge_arn": expression("$states.result.JobArn")},
        "Next": "Wait for judge",
    }


def _wait(poll_seconds: int, *, looks: int) -> States:
    late = f"'the evaluation job was still ' & $judge_status & ' after {looks * poll_seconds / 3600:g} hours'"
    return {
        "Wait for judge": {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"judge_looks": expression("$judge_looks + 1")},
            "Next": "Look at judge",
        },
        "Look at judge": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrock:getEvaluationJob",
            "Arguments": {"JobIdentifier": expression("$judge_arn")},
            "TimeoutSeconds": 60,
            "Retry": [retry(BEDROCK_TRANSIENT)],
            "Catch": [_given_up({"judge_status": "Unknown"}, "Stop judge")],
            "Assign": {
                "judge_status": expression("$states.result.Status"),
                "judge_failure": expression(_REASONS),
            },
            "Next": "Does the judge go on",
        },
        "Does the judge go on": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$judge_status != 'InProgress'"), "Next": "Judge ends"},
                {
                    "Condition": expression(f"$judge_looks >= {looks}"),
                    "Assign": {"judge_failure": expression(late)},
                    "Next": "Stop judge",
                },
            ],
            "Default": "Wait for judge",
        },
    }


def _stop() -> State:
    """Stop a job that nobody waits for any more; one that cannot be stopped ends with its dataset."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:bedrock:stopEvaluationJob",
        "Arguments": {"JobIdentifier": expression("$judge_arn")},
        "TimeoutSeconds": 60,
        "Retry": [retry(BEDROCK_TRANSIENT)],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Judge ends"}],
        "Next": "Judge ends",
    }


def _end() -> State:
    return {
        "Type": "Pass",
        "Output": {
            "contestant": expression("$judge_job.contestant"),
            "arn": expression("$judge_arn"),
            "status": expression("$judge_status"),
            "failure": expression("$judge_failure"),
        },
        "End": True,
    }


def _given_up(assigned: State, following: str) -> State:
    """Give the Catch that notes what went wrong with this contestant's job."""
    noted = {**assigned, "judge_failure": expression(_ERROR)}
    return {"ErrorEquals": ["States.ALL"], "Assign": noted, "Next": following}


def _request(resources: Resources) -> str:
    """Give JSONata code for the request; the dataset's name becomes part of the output's key."""
    judge = "{'BedrockEvaluatorModels': [{'ModelIdentifier': $judgement.model}]}"
    return f"""{{
        'JobName': $states.input.name,
        'ClientRequestToken': $states.input.token,
        'RoleArn': '{resources.evaluation_role_arn}',
        'ApplicationType': 'ModelEvaluation',
        'JobTags': {tags(resources)},
        'EvaluationConfig': {{'Automated': {{
            'DatasetMetricConfigs': [{{
                'TaskType': '{TASK_TYPE}',
                'Dataset': {{
                    'Name': $states.input.source,
                    'DatasetLocation': {{'S3Uri': $states.input.dataset}}
                }},
                'MetricNames': [$judgement.metrics]
            }}],
            'EvaluatorModelConfig': {judge}
        }}}},
        'InferenceConfig': {{'Models': [
            {{'PrecomputedInferenceSource': {{'InferenceSourceIdentifier': $states.input.source}}}}
        ]}},
        'OutputDataConfig': {{'S3Uri': $states.input.output}}
    }}"""
