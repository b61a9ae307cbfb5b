"""What a run will cost: a range, from token estimates and the dated price table. Pure."""

from typing import Final

from finetune_core.contracts import EndpointKind, Price, PriceItem, TokenRange
from finetune_core.model_rules import Model
from finetune_core.prices_data import PRICES, STORAGE_MONTH, UNKNOWN, PriceRow, Rate

ANSWER_TOKENS: Final = (16, 256, 1_024)
"""Tokens of one answer in the evaluation: low, expected, high (the evaluation's own ceiling)."""

Range = tuple[float, float, float]


def estimate(
    model: Model,
    tokens: TokenRange,
    *,
    epochs: int,
    records: int,
    serving: EndpointKind,
    units: int = 1,
    hours: float = 0.0,
    evaluation_calls: int = 0,
    ceiling: float | None = None,
) -> Price:
    """Price one run: training, a month of storage, the endpoint for `hours`, the evaluation's calls.

    `tokens` is one pass over the training split of `records` records; `evaluation_calls` counts records per
    contestant. A price that is not known enters as a wide range with a note.
    """
    row = PRICES.get(model.price_family, PriceRow())
    items = [_training(row, tokens, epochs), _storage()]
    hourly = 0.0
    if serving == "provisioned_throughput":
        rate, _ = _rate(row.unit_hour, "unit_hour")
        hourly = rate[1] * units
        items.append(_endpoint(row, units, hours))
    if evaluation_calls:
        items += _evaluation(row, tokens, records, evaluation_calls, serving)
    return Price(
        currency="USD",
        low=_cents(sum(item.low for item in items)),
        expected=_cents(sum(item.expected for item in items)),
        high=_cents(sum(item.high for item in items)),
        items=items,
        ceiling=ceiling,
        source=_sources(row),
        hourly=_cents(hourly),
    )


def _training(row: PriceRow, tokens: TokenRange, epochs: int) -> PriceItem:
    rate, note = _rate(row.training, "training")
    counts = (tokens.low, tokens.expected, tokens.high)
    cost = [count * epochs / 1000 * price for count, price in zip(counts, rate, strict=True)]
    return _item("Training", cost, f"{tokens.expected:,} tokens x {epochs} epochs, {note}")


def _storage() -> PriceItem:
    month = STORAGE_MONTH.dollars
    return _item(
        "Custom model storage", [month] * 3, f"one month at ${month}; goes on until the model is deleted"
    )


def _endpoint(row: PriceRow, units: int, hours: float) -> PriceItem:
    rate, note = _rate(row.unit_hour, "unit_hour")
    cost = [units * hours * price for price in rate]
    return _item("Provisioned Throughput", cost, f"{units} model unit(s) x {hours:g} hours, {note}")


def _evaluation(
    row: PriceRow, tokens: TokenRange, records: int, calls: int, serving: EndpointKind
) -> list[PriceItem]:
    """Answers of the base model and, unless its endpoint is paid by the hour, of the candidate."""
    per_call = [count / max(records, 1) for count in (tokens.low, tokens.expected, tokens.high)]
    items = [_answers("Evaluation, base model", row.input, row.output, per_call, calls)]
    if serving == "on_demand":
        custom_in, custom_out = row.custom_input or row.input, row.custom_output or row.output
        items.append(_answers("Evaluation, candidate", custom_in, custom_out, per_call, calls))
    return items


def _answers(
    name: str, price_in: Rate | None, price_out: Rate | None, per_call: list[float], calls: int
) -> PriceItem:
    rate_in, note = _rate(price_in, "input")
    rate_out, _ = _rate(price_out, "output")
    cost = [
        calls * (read * cost_in + written * cost_out) / 1000
        for read, written, cost_in, cost_out in zip(per_call, ANSWER_TOKENS, rate_in, rate_out, strict=True)
    ]
    return _item(name, cost, f"{calls:,} calls, {note}")


def _rate(rate: Rate | None, column: str) -> tuple[Range, str]:
    if rate is None:
        low, _, high = UNKNOWN[column]
        return UNKNOWN[column], f"price unknown: taken as {_dollars(low)} to {_dollars(high)}"
    return (rate.dollars,) * 3, f"{_dollars(rate.dollars)} ({rate.source.name}, {rate.source.read})"


def _item(name: str, cost: list[float], note: str) -> PriceItem:
    low, expected, high = (_cents(dollars) for dollars in cost)
    return PriceItem(name=name, low=low, expected=expected, high=high, note=note)


def _dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.6f}".rstrip("0")


def _cents(dollars: float) -> float:
    """Round to a hundredth of a cent: small datasets cost fractions of a cent."""
    return round(dollars, 4)


def _sources(row: PriceRow) -> str:
    rates = (row.training, row.unit_hour, row.input, row.output, STORAGE_MONTH)
    names = dict.fromkeys(f"{rate.source.name} ({rate.source.read})" for rate in rates if rate is not None)
    return "; ".join(names)
