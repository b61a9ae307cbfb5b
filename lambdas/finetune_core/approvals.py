"""What a person is asked before a run spends money, and again before it commits to months of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from finetune_core.contracts import Plan, Preflight, Validation
from finetune_core.costs import Price

Question = Literal["run", "commitment"]
TERMS: Final = {"OneMonth": "one month", "SixMonths": "six months"}
_HOLDERS: Final = "(answers once; whoever holds this link may use it, so pass it on to nobody else)"


def subject(environment: str, plan: Plan, price: Price, *, question: Question = "run") -> str:
    """Return the notice's subject."""
    what = f"approve {plan.run_id}?" if question == "run" else f"COMMIT {plan.run_id} to its term?"
    return f"[finetune {environment}] {what} about ${price.expected:,.2f}"


def message(
    plan: Plan,
    preflight: Preflight,
    validation: Validation,
    price: Price,
    *,
    seconds: int,
    question: Question = "run",
    link: str = "",
) -> str:
    """Return what is about to happen, what it costs, and how to answer within so many seconds."""
    lines = [
        *opening(plan, question),
        "",
        *plan_lines(plan, preflight, validation, price),
        "",
        f"Yes:  finetune approve {plan.run_id}",
        f"No:   finetune decline {plan.run_id}",
        *([f"Page: {link}", f"      {_HOLDERS}"] if link else []),
        f"Time: {_duration(seconds)}; without an answer the run ends",
        f"Report of the dataset: {validation.report_html}",
    ]
    return "\n".join(lines)


def plan_lines(plan: Plan, preflight: Preflight, validation: Validation, price: Price) -> list[str]:
    """Return the whole plan of a run: data, model, price, and what differs from the run before."""
    counts = validation.counts
    read = counts.train + counts.validation + counts.evaluation
    found = sum(validation.faults.values())
    faults = ", ".join(f"{code} x {count:,}" for code, count in sorted(validation.faults.items()))
    return [
        f"Base model   {preflight.base_model_name} ({preflight.base_model_id})",
        f"Type         {preflight.customization_type}",
        f"Records      {counts.train:,} training, {counts.validation:,} validation, "
        f"{counts.evaluation:,} evaluation",
        f"Rejected     0 of {read:,} records: one that the model refuses would have ended the run",
        f"Found        {found:,} warnings: {faults}" if found else "Found        no warnings",
        *_reward(preflight),
        f"Serving      {preflight.serving}: {preflight.serving_reason}",
        f"Rollout      {preflight.rollout.way}: {preflight.rollout.reason}",
        *_ways(price),
        *_money(plan, price),
        *(f"Note         {warning}" for warning in preflight.warnings),
        *_labelled("Differs", price.changes or ["nothing was found to compare with"]),
    ]


def _reward(preflight: Preflight) -> Iterator[str]:
    """Say whose rules the model will be trained by, and what their trial showed."""
    found = preflight.reward
    if found is None:
        return
    whose = "made from the dataset's reward.py" if found.dropped else "named by the settings"
    yield f"Reward       {found.function_arn}, {whose}, code {found.code_sha256}"
    if found.right is not None:
        scores = f"reference answers got {found.right:.4g}, other records' {found.wrong:.4g}"
        yield f"             tried on {found.tried} records: {scores}"


def opening(plan: Plan, question: Question) -> list[str]:
    """Return what is asked, and what a yes means."""
    if question == "run":
        return [f"Run {plan.run_id} of dataset {plan.dataset} waits for a yes or no."]
    term = TERMS.get(plan.settings.commitment or "", "no term")
    return [
        f"Second question: run {plan.run_id} of dataset {plan.dataset} was judged better and is about to buy "
        f"Provisioned Throughput for a commitment of {term}.",
        "It cannot be deleted before the term ends, not even if the model turns out worse, "
        "and it renews itself. With a no the model is kept and nothing is served.",
    ]


def _duration(seconds: int) -> str:
    hours = seconds / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:.3g} hours"


def _money(plan: Plan, price: Price) -> Iterator[str]:
    yield (
        f"Price        {price.low:,.2f} to {price.high:,.2f} {price.currency}, "
        f"expected {price.expected:,.2f} ({price.source})"
    )
    yield from (
        f"             {item.name}: {item.expected:,.2f} {item.note}".rstrip() for item in price.items
    )
    if price.hourly:
        yield f"Then         {price.hourly:,.2f} {price.currency} an hour"
    if plan.settings.commitment:
        yield f"Commitment   {TERMS[plan.settings.commitment]}, cannot be ended early"
    if price.month is not None:
        ceiling = f" of at most {price.month.ceiling:,.2f}" if price.month.ceiling is not None else ""
        spent = f"{price.month.spent:,.2f} {price.currency} in {price.month.runs} other run(s)"
        yield f"This month   {spent}{ceiling}"
    if price.over:
        yield f"Above        {price.over}"


def _ways(price: Price) -> Iterator[str]:
    """Say beforehand what each way of rolling out costs, all of the run included."""
    for way in price.ways:
        yield (
            f"             {way.way}: {way.low:,.2f} to {way.high:,.2f}, expected {way.expected:,.2f} "
            f"({way.note})"
        )


def _labelled(label: str, texts: list[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f"{label if number == 0 else '':<13}{text}"
