"""Preflight, validation and price: everything that is decided before money is spent."""

from __future__ import annotations

from stacks.workflow.shards import shard_states
from stacks.workflow.states import Resources, States, call_function, expression, record_phase


def validate_states(
    resources: Resources, *, large_bytes: int, shard_bytes: int, shard_concurrency: int
) -> States:
    """Give the states from the claimed run to its price.

    A dataset of more than `large_bytes` is validated in shards of `shard_bytes`.
    """
    functions, following = resources.functions, "Is a reward function wanted"
    return {
        "Record preflight": record_phase(resources, "preflight", following="Check model"),
        "Check model": call_function(
            functions["check_model"],
            {"plan": "$plan"},
            phase="preflight",
            result="preflight",
            following="Record validation",
            seconds=300,
        ),
        "Record validation": record_phase(
            resources, "validate", following="Is the dataset large", results=("preflight",)
        ),
        "Is the dataset large": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(f"$plan.bytes > {large_bytes}"), "Next": "Plan shards"}],
            "Default": "Validate dataset",
        },
        **shard_states(
            resources, shard_bytes=shard_bytes, concurrency=shard_concurrency, following=following
        ),
        "Validate dataset": call_function(
            functions["validate_dataset"],
            {"plan": "$plan", "preflight": "$preflight"},
            phase="validate",
            result="validation",
            following=following,
            seconds=960,
        ),
        **_reward_states(resources),
        "Record price": record_phase(
            resources, "price", following="Estimate price", results=("validation", "preflight")
        ),
        "Estimate price": call_function(
            functions["estimate_price"],
            {"plan": "$plan", "preflight": "$preflight", "validation": "$validation"},
            phase="price",
            result="price",
            following="Is approval needed",
            seconds=120,
        ),
    }


def _reward_states(resources: Resources) -> States:
    """Give the states that make, find and try the function which grades answers in a reinforcement.

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
            "Default": "Record price",
        },
        "Record reward": record_phase(
            resources, "reward", following="Deploy reward", results=("validation",)
        ),
        "Deploy reward": call_function(
            resources.functions["deploy_reward"],
            {"plan": "$plan", "preflight": "$preflight", "validation": "$validation"},
            phase="reward",
            result="preflight",
            following="Record price",
            seconds=960,
        ),
    }
