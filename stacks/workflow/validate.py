"""Preflight, validation and price: everything that is decided before money is spent."""

from __future__ import annotations

from stacks.workflow.states import Resources, States, call_function, record_phase


def validate_states(resources: Resources) -> States:
    """Give the states from the claimed run to its price."""
    functions = resources.functions
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
            resources, "validate", following="Validate dataset", results=("preflight",)
        ),
        "Validate dataset": call_function(
            functions["validate_dataset"],
            {"plan": "$plan", "preflight": "$preflight"},
            phase="validate",
            result="validation",
            following="Record price",
            seconds=960,
        ),
        "Record price": record_phase(resources, "price", following="Estimate price", results=("validation",)),
        "Estimate price": call_function(
            functions["estimate_price"],
            {"plan": "$plan", "preflight": "$preflight", "validation": "$validation"},
            phase="price",
            result="price",
            following="Is approval needed",
            seconds=120,
        ),
    }
