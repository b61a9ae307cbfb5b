"""Evaluation: the same held-out prompts to base model, champion and candidate, then a verdict."""

from __future__ import annotations

from stacks.workflow.judge import judge_states
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


def evaluate_states(
    resources: Resources, *, concurrency: int, poll_seconds: int, timeout_seconds: int
) -> States:
    """Give the states from the ready endpoint to the verdict; the times are a judge's."""
    asked = ("plan", "preflight", "validation", "training", "endpoint", "champion", "answers")
    judged = (*asked, "judgement", "judged")
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
                },
                {"Condition": expression("$preflight.rollout.way = 'in_place'"), "Next": "Answer prompts"},
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
        "Answer prompts": answer_state(
            resources.functions["answer_prompts"],
            concurrency,
            contestants=("base", "champion", "candidate"),
            task="Answer prompts of shard",
            phase=PHASE,
            following="Is a judge wanted",
        ),
        **judge_states(
            resources,
            phase=PHASE,
            poll_seconds=poll_seconds,
            timeout_seconds=timeout_seconds,
            following="Judge models",
        ),
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
                    "Next": "Is a commitment wanted",
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


_CONTESTANTS = {
    "base": ("true", "$preflight.invoke_id"),
    "champion": ("$champion.model_id and $preflight.rollout.way != 'in_place'", "$champion.model_id"),
    "candidate": ("true", "$endpoint.arn"),
}
"""Contestant -> when it is asked here, and what it answers under: JSONata code."""


def answer_state(
    arn: str, concurrency: int, *, contestants: tuple[str, ...], task: str, phase: str, following: str
) -> State:
    """Give the Map that asks contestants all held-out prompts, a shard at a time, and adds their answers."""
    parts = []
    for name in contestants:
        asked, model = _CONTESTANTS[name]
        # A contestant that is asked alone has been found to answer by the state before.
        condition = asked if len(contestants) > 1 else "true"
        each = f"{{'contestant': '{name}', 'model_id': {model}, 'shard': $}}"
        parts.append(f"{condition} ? $validation.evaluation.shards.{each} : []")
    payload = {name: expression(f"${name}") for name in ("plan", "preflight", "validation")}
    payload |= {name: expression(f"$states.input.{name}") for name in ("contestant", "model_id", "shard")}
    asking: State = {
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
        "Items": expression(f"[{', '.join(parts)}]"),
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": task,
            "States": {task: asking},
        },
        "Catch": catch_failure(phase),
        "Assign": {"answers": expression("[$answers, $states.result]")},
        "Next": following,
    }
