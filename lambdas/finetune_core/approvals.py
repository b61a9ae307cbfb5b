"""The one question that a person is asked before a run spends money."""

from __future__ import annotations

from finetune_core.contracts import Plan, Preflight, Price, Validation


def subject(environment: str, plan: Plan, price: Price) -> str:
    """Return the notice's subject."""
    return f"[finetune {environment}] approve {plan.run_id}? about ${price.expected:,.2f}"


def message(plan: Plan, preflight: Preflight, validation: Validation, price: Price) -> str:
    """Return what is about to happen, what it costs, and how to answer."""
    counts = validation.counts
    faults = ", ".join(f"{code} x {count}" for code, count in sorted(validation.faults.items())) or "none"
    lines = [
        f"Run {plan.run_id} of dataset {plan.dataset} waits for a yes or no.",
        "",
        f"Base model   {preflight.base_model_name} ({preflight.base_model_id})",
        f"Type         {preflight.customization_type}",
        f"Records      {counts.train:,} training, {counts.validation:,} validation, "
        f"{counts.evaluation:,} evaluation",
        f"Warnings     {faults}",
        f"Serving      {preflight.serving}: {preflight.serving_reason}",
        f"Price        {price.low:,.2f} to {price.high:,.2f} {price.currency}, "
        f"expected {price.expected:,.2f} ({price.source})",
        *(f"             {item.name}: {item.expected:,.2f} {item.note}".rstrip() for item in price.items),
        *([f"Then         {price.hourly:,.2f} {price.currency} an hour"] if price.hourly else []),
        *(f"Note         {warning}" for warning in preflight.warnings),
        "",
        f"Yes:  finetune approve {plan.run_id}",
        f"No:   finetune decline {plan.run_id}",
        f"Report of the dataset: {validation.report_html}",
    ]
    return "\n".join(lines)
