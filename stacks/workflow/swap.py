"""Serving in place: the champion is asked its prompts first, then the candidate takes its endpoint.

Once the candidate is in the endpoint nobody can ask the champion any more, so its answers are collected
before. From the swap to the verdict applications get the candidate; a clean up swaps the champion back.
"""

from __future__ import annotations

from stacks.workflow.evaluate import answer_state
from stacks.workflow.states import Resources, State, States, call_function, expression

IN_PLACE = "$preflight.rollout.way = 'in_place'"
_NO_ENDPOINT = "{'kind': 'none', 'arn': '', 'status': 'None', 'failure': ''}"


def swap_states(
    resources: Resources, *, phase: str, concurrency: int, poll_seconds: int, record: State, ready: State
) -> States:
    """Give the states from the champion's last answers to the candidate in its endpoint.

    `record` writes the endpoint into the ledger, `ready` judges its status.
    """
    return {
        "Are there prompts for the champion": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$validation.evaluation.records = 0"), "Next": "Swap model"}
            ],
            "Default": "Find champion before swap",
        },
        "Find champion before swap": call_function(
            resources.functions["find_champion"],
            {"plan": "$plan", "validation": "$validation", "endpoint": _NO_ENDPOINT},
            phase=phase,
            result="champion",
            following="Does the champion answer",
            seconds=300,
        ),
        "Does the champion answer": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$champion.model_id ? true : false"),
                    "Next": "Answer prompts before swap",
                }
            ],
            "Default": "Swap model",
        },
        "Answer prompts before swap": answer_state(
            resources.functions["answer_prompts"],
            concurrency,
            contestants=("champion",),
            task="Answer prompts of champion's shard",
            phase=phase,
            following="Swap model",
        ),
        "Swap model": call_function(
            resources.functions["swap_model"],
            {name: f"${name}" for name in ("plan", "preflight", "training")},
            phase=phase,
            result="endpoint",
            following="Is the swap recorded",
            seconds=120,
        ),
        "Is the swap recorded": {
            "Type": "Choice",
            "Choices": [{"Condition": expression("$polls = 0"), "Next": "Record swap"}],
            "Default": "Is the swap done",
        },
        "Record swap": record,
        "Is the swap done": ready,
        "Wait for swap": {
            "Type": "Wait",
            "Seconds": poll_seconds,
            "Assign": {"polls": expression("$polls + 1")},
            "Next": "Swap model",
        },
    }
