"""Preflight, validation and price: everything that is decided before money is spent."""

from __future__ import annotations

from stacks.workflow.reward import reward_states
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
        **reward_states(resources, following="Record price"),
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
