"""Reward: before the price, the function that grades answers is made, or found, and tried."""

from __future__ import annotations

from stacks.workflow.states import Resources, States, call_function, expression, record_phase

PHASE = "reward"


def reward_states(resources: Resources, *, following: str) -> States:
    """Give the states from a valid dataset to the function that grades its answers.

    Its answer is the preflight with the function in it, so that what comes later needs no further variable.
    """
    return {
        "Is a reward function wanted": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$preflight.customization_type = 'REINFORCEMENT_FINE_TUNING'"),
                    "Next": "Record reward",
                }
            ],
            "Default": following,
        },
        "Record reward": record_phase(resources, PHASE, following="Deploy reward", results=("validation",)),
        "Deploy reward": call_function(
            resources.functions["deploy_reward"],
            {"plan": "$plan", "preflight": "$preflight", "validation": "$validation"},
            phase=PHASE,
            result="preflight",
            following=following,
            seconds=960,
        ),
    }
