"""What a run will cost: a range, from token estimates and the best prices there are. Pure."""

from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import fields, replace

from finetune_core.contracts import Commitment, EndpointKind, TokenRange
from finetune_core.costs import Price, PriceItem
from finetune_core.model_rules import Model
from finetune_core.prices_data import PRICES, STORAGE_MONTH, UNKNOWN, PriceRow, Rate

ANSWER_TOKENS: Final = (16, 256, 1_024)
"""Tokens of one answer in the evaluation: low, expected, high (the evaluation's own ceiling)."""

JUDGING_HOURS: Final = (0.25, 1.0, 4.0)
"""Hours from an endpoint's creation to the verdict: low, expected, high. No figure is published; creating
one takes minutes to hours, and the prompts take a few minutes."""

JUDGE_READS: Final = (300, 700, 1_500)
"""Tokens of a judge's own instructions in one call: low, expected, high. The built-in prompts are published
(Bedrock user guide, model-evaluation-type-judge-prompt, read 2026-11-28); their tokens are estimated."""
JUDGE_WRITES: Final = (50, 200, 600)
"""Tokens of a judge's explanation and score; no figure is published."""
REINFORCING_HOURS: Final = (1.0, 4.0, 24.0)
"""Hours of a reinforcement job: low, expected, high. A few, by data, epochs and reward function, is all that
the Bedrock user guide says (rft-submit-job, read 2026-11-28)."""

MONTH_HOURS: Final = 730
"""Hours of a month as AWS counts them."""

TERMS: Final[dict[Commitment, tuple[str, int, str]]] = {
    "OneMonth": ("unit_hour_month", 1, "one month"),
    "SixMonths": ("unit_hour_half_year", 6, "six months"),
}
"""Commitment → column of its price, months, words."""

Range = tuple[float, float, float]


class Hours(NamedTuple):
    """Hours that an endpoint is paid for, low to high, and what they are."""

    span: Range
    told: str


class Judging(Struct, frozen=True, kw_only=True):
    """A judge's prices, its metrics (a call each), the contestants that it reads: low, expected, high."""

    row: PriceRow
    metrics: int
    contestants: tuple[int, int, int]


class Live(Struct, frozen=True, kw_only=True):
    """What the Price List API answered: a row of prices, and why it is empty when it is."""

    row: PriceRow = field(default_factory=PriceRow)
    problem: str = ""


_UNASKED: Final = Live()


def row_for(model: Model, live: Live) -> PriceRow:
    """Return the prices of a model: the live ones, and the dated table's where there is no live one."""
    table = PRICES.get(model.price_family, PriceRow())
    found = {each.name: getattr(live.row, each.name) for each in fields(PriceRow)}
    return replace(table, **{name: rate for name, rate in found.items() if rate is not None})


def estimate(
    model: Model,
    tokens: TokenRange,
    *,
    epochs: int,
    records: int,
    serving: EndpointKind,
    units: int = 1,
    hours: float = 0.0,
    commitment: Commitment | None = None,
    beside_units: int = 0,
    watch_hours: float = 0.0,
    evaluation_calls: int = 0,
    champion_on_demand: bool = False,
    teacher: PriceRow | None = None,
    judging: Judging | None = None,
    by_hours: bool = False,
    ceiling: float | None = None,
    live: Live = _UNASKED,
) -> Price:
    """Price one run: training, a month of storage, the endpoint for `hours`, the evaluation's calls.

    `tokens` is one pass over the training split of `records` records; `evaluation_calls` counts records per
    contestant; with a `commitment` the endpoint is paid by the hour until the verdict and for the whole term
    from then on. A `champion_on_demand` is asked the same prompts, paid by the token; the champion's
    `beside_units` go on until the verdict and for the `watch_hours` after it.
    `teacher` has the prices of the model that answers the prompts of a distillation, `judging` those of the
    model that scores the answers; `by_hours` is a job that is billed by its hours, which are not known
    beforehand.
    A price that is not known enters as a wide range with a note.
    """
    row = row_for(model, live)
    items = [_reinforcing(row) if by_hours else _training(row, tokens, epochs), _storage(row)]
    if teacher:
        per_call = [count / max(records, 1) for count in (tokens.low, tokens.expected, tokens.high)]
        items.insert(0, _answers("Teacher's answers", teacher, per_call, records))
    hourly = 0.0
    if serving == "provisioned_throughput":
        column = TERMS[commitment][0] if commitment else "unit_hour"
        hourly = _rate(row, column)[0][1] * units
        items += _serving(row, units, hours, commitment)
    if beside_units:
        items.append(_beside(row, beside_units, watch_hours))
    if evaluation_calls:
        answers = _embeddings if model.embeds else _evaluation
        by_token = (serving == "on_demand", champion_on_demand)
        items += answers(row, tokens, records, evaluation_calls, by_token)
    if evaluation_calls and judging:
        items.append(_judge(judging, tokens, records, evaluation_calls))
    return Price(
        currency="USD",
        low=_cents(sum(item.low for item in items)),
        expected=_cents(sum(item.expected for item in items)),
        high=_cents(sum(item.high for item in items)),
        items=items,
        ceiling=ceiling,
        source=_sources(row, live),
        hourly=_cents(hourly),
    )


def _training(row: PriceRow, tokens: TokenRange, epochs: int) -> PriceItem:
    rate, note = _rate(row, "training")
    counts = (tokens.low, tokens.expected, tokens.high)
    cost = [count * epochs / 1000 * price for count, price in zip(counts, rate, strict=True)]
    told = f"{tokens.expected:,} tokens ({tokens.low:,} to {tokens.high:,}) x {epochs} epochs, {note}"
    return _item("Training", cost, told, unit="1K tokens", quantity=tokens.expected * epochs / 1000)


def _reinforcing(row: PriceRow) -> PriceItem:
    rate, note = _rate(row, "training_hour")
    cost = [hours * price for hours, price in zip(REINFORCING_HOURS, rate, strict=True)]
    told = f"{_span(REINFORCING_HOURS)} hours of the whole job, {note}"
    return _item("Training", cost, told, unit="hours", quantity=REINFORCING_HOURS[1])


def _storage(row: PriceRow) -> PriceItem:
    month = (row.storage or STORAGE_MONTH).dollars
    told = f"one month at ${month}; goes on until the model is deleted"
    return _item("Custom model storage", [month] * 3, told, unit="months", quantity=1)


def _serving(row: PriceRow, units: int, hours: float, commitment: Commitment | None) -> list[PriceItem]:
    """Return the endpoint for its hours; with a commitment until the verdict, and then for the term."""
    if not commitment:
        served = Hours((hours,) * 3, f"{hours:g} hours")
        return [_endpoint("Provisioned Throughput", _rate(row, "unit_hour"), units, served)]
    column, months, words = TERMS[commitment]
    judging = Hours(JUDGING_HOURS, f"{_span(JUDGING_HOURS)} hours until the verdict")
    term = float(months * MONTH_HOURS)
    bought = Hours((term,) * 3, f"{term:g} hours ({words})")
    return [
        _endpoint("Provisioned Throughput", _rate(row, "unit_hour"), units, judging),
        _endpoint("Commitment", _rate(row, column), units, bought),
    ]


def _beside(row: PriceRow, units: int, watch_hours: float) -> PriceItem:
    low, expected, high = JUDGING_HOURS
    hours = Hours(
        (low + watch_hours, expected + watch_hours, high + watch_hours),
        f"{_span(JUDGING_HOURS)} hours until the verdict + {watch_hours:g} hours of watch",
    )
    return _endpoint("Champion's endpoint beside it", _rate(row, "unit_hour"), units, hours)


def _endpoint(name: str, rate: tuple[Range, str], units: int, hours: Hours) -> PriceItem:
    cost = [units * each * price for each, price in zip(hours.span, rate[0], strict=True)]
    note = f"{units} model unit(s) x {hours.told}, {rate[1]}"
    return _item(name, cost, note, unit="unit hours", quantity=units * hours.span[1])


def _span(hours: Range) -> str:
    return f"{hours[0]:g} to {hours[2]:g}"


def _evaluation(
    row: PriceRow, tokens: TokenRange, records: int, calls: int, by_token: tuple[bool, bool]
) -> list[PriceItem]:
    """Answers of the base model and, unless they are paid by the hour, of candidate and champion.

    The champion is priced as the candidate is: nearly always it comes from the same base model.
    """
    per_call = [count / max(records, 1) for count in (tokens.low, tokens.expected, tokens.high)]
    custom = replace(row, input=row.custom_input or row.input, output=row.custom_output or row.output)
    asked = zip(("candidate", "champion"), by_token, strict=True)
    return [
        _answers("Evaluation, base model", row, per_call, calls),
        *(_answers(f"Evaluation, {name}", custom, per_call, calls) for name, paid in asked if paid),
    ]


def _embeddings(
    row: PriceRow, tokens: TokenRange, records: int, calls: int, by_token: tuple[bool, bool]
) -> list[PriceItem]:
    """Vectors of images and captions by the base model; the candidate's endpoint is paid by the hour."""
    text, note = _rate(row, "input")
    image, image_note = _rate(row, "image")
    read = (count / max(records, 1) for count in (tokens.low, tokens.expected, tokens.high))
    cost = [calls * (each * word / 1000 + seen) for each, word, seen in zip(read, text, image, strict=True)]
    told = f"{calls:,} images, {image_note}; as many captions, {note}"
    return [_item("Evaluation, base model", cost, told, unit="pairs", quantity=calls)]


def _answers(name: str, row: PriceRow, per_call: list[float], calls: int) -> PriceItem:
    rate_in, note = _rate(row, "input")
    rate_out, _ = _rate(row, "output")
    cost = [
        calls * (read * cost_in + written * cost_out) / 1000
        for read, written, cost_in, cost_out in zip(per_call, ANSWER_TOKENS, rate_in, rate_out, strict=True)
    ]
    return _item(name, cost, f"{calls:,} calls, {note}", unit="calls", quantity=calls)


def _judge(judging: Judging, tokens: TokenRange, records: int, calls: int) -> PriceItem:
    """One call per answer and metric: instructions, the record (prompt and reference), the answer."""
    rate_in, note = _rate(judging.row, "input")
    rate_out, _ = _rate(judging.row, "output")
    record = (count / max(records, 1) for count in (tokens.low, tokens.expected, tokens.high))
    reads = [sum(parts) for parts in zip(JUDGE_READS, record, ANSWER_TOKENS, strict=True)]
    asked = [contestants * calls * judging.metrics for contestants in judging.contestants]
    cost = [
        count * (read * cost_in + written * cost_out) / 1000
        for count, read, written, cost_in, cost_out in zip(
            asked, reads, JUDGE_WRITES, rate_in, rate_out, strict=True
        )
    ]
    told = (
        f"{asked[1]:,} calls ({calls:,} records x {judging.contestants[1]} contestants x {judging.metrics} "
    )
    return _item("Judge", cost, f"{told}metrics), {note}", unit="calls", quantity=asked[1])


def _rate(row: PriceRow, column: str) -> tuple[Range, str]:
    rate: Rate | None = getattr(row, column)
    if rate is None:
        low, _, high = UNKNOWN[column]
        return UNKNOWN[column], f"price unknown: taken as {_dollars(low)} to {_dollars(high)}"
    return (rate.dollars,) * 3, f"{_dollars(rate.dollars)} ({rate.source.name}, {rate.source.read})"


def _item(name: str, cost: list[float], note: str, *, unit: str, quantity: float) -> PriceItem:
    low, expected, high = (_cents(dollars) for dollars in cost)
    return PriceItem(
        name=name,
        low=low,
        expected=expected,
        high=high,
        note=note,
        unit=unit,
        quantity=quantity,
        rate=cost[1] / quantity if quantity else 0.0,
    )


def _dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.6f}".rstrip("0")


def _cents(dollars: float) -> float:
    """Round to a hundredth of a cent: small datasets cost fractions of a cent."""
    return round(dollars, 4)


def _sources(row: PriceRow, live: Live) -> str:
    """Say for each source and its date which prices came from it, and why none came from the API."""
    named: dict[str, list[str]] = {}
    for each in fields(PriceRow):
        rate: Rate | None = getattr(row, each.name) or (STORAGE_MONTH if each.name == "storage" else None)
        if rate is not None:
            source = f"{rate.source.name} ({rate.source.read})"
            named.setdefault(source, []).append(each.name.replace("_", " "))
    told = "; ".join(f"{source}: {', '.join(columns)}" for source, columns in named.items())
    return f"{told}; {live.problem}" if live.problem else told
