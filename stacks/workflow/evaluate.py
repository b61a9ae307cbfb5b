"""Evaluation: the same held-out prompts to base model, champion and candidate, then a verdict."""

from __future__ import annotations

from stacks.workflow.states import (
    LAMBDA_TRANSIENT,
    Resources,
    State,
    States,
    call_function,
    catch_failure,
    expression,
    failure,
    record_phase,
    retry,
)

PHASE = "evaluate"


def evaluate_states(resources: Resources, *, concurrency: int) -> States:
    """Give the states from the ready endpoint to the verdict."""
    judged = ("plan", "preflight", "validation", "training", "endpoint", "champion", "answers")
    return {
        "Record evaluation": record_phase(
            resources, PHASE, following="Can the models answer", results=("endpoint",)
        ),
        "Can the models answer": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$endpoint.kind = 'none' or $validation.evaluation.records = 0"),
                    "Next": "Judge models",
                }
            ],
            "Default": "Find champion",
        },
        "Find champion": call_function(
            resources.functions["find_champion"],
            {name: f"${name}" for name in ("plan", "validation", "endpoint")},
            phase=PHASE,
            result="champion",
            following="Answer prompts",
            seconds=300,
        ),
        "Answer prompts": _answer(resources.functions["answer_prompts"], concurrency),
        "Judge models": call_function(
            resources.functions["judge_models"],
            {name: f"${name}" for name in judged},
            phase=PHASE,
            result="evaluation",
            following="Is the model better",
            seconds=600,
        ),
        "Is the model better": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$evaluation.verdict = 'PROMOTE'"),
                    "Next": "Record promotion",
                }
            ],
            "Assign": failure(
                PHASE,
                "$evaluation.verdict = 'HOLD' ? 'Held' : 'Rejected'",
                "$join($evaluation.reasons, '; ')",
            ),
            "Default": "Clean up",
        },
    }


def _answer(arn: str, concurrency: int) -> State:
    shards = "$validation.evaluation.shards"
    items = (
        f"[{shards}.{{'contestant': 'base', 'model_id': $preflight.invoke_id, 'shard': $}},"
        f" $champion.model_id ? {shards}.{{'contestant': 'champion', 'model_id': $champion.model_id,"
        " 'shard': $} : [],"
        f" {shards}.{{'contestant': 'candidate', 'model_id': $endpoint.arn, 'shard': $}}]"
    )
    payload = {name: expression(f"${name}") for name in ("plan", "preflight", "validation")}
    payload |= {name: expression(f"$states.input.{name}") for name in ("contestant", "model_id", "shard")}
    task: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": 960,
        "Retry": [retry(LAMBDA_TRANSIENT)],
        "Output": expression("$states.result.Payload"),
        "End": True,
    }
    return {
        "Type": "Map",
        "Items": expression(items),
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Answer prompts of shard",
            "States": {"Answer prompts of shard": task},
        },
        "Catch": catch_failure(PHASE),
        "Assign": {"answers": expression("$states.result")},
        "Next": "Judge models",
    }
