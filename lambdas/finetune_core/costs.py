"""Money as it passes between the states: the price of a run, its month, and who agreed to it."""

from __future__ import annotations

from typing import Literal

import msgspec


class PriceItem(msgspec.Struct, kw_only=True, frozen=True):
    """One line of the estimate, US dollars: ``quantity`` of ``unit`` at ``rate`` is the expected cost.

    A line that mixes rates (tokens read and written) has the mean per unit as its ``rate``.
    """

    name: str
    low: float
    expected: float
    high: float
    note: str = ""
    unit: str = ""
    quantity: float = 0.0
    rate: float = 0.0


class WayPrice(msgspec.Struct, kw_only=True, frozen=True):
    """What the whole run would cost with one way of rolling out, US dollars, and what that way means."""

    way: str
    low: float
    expected: float
    high: float
    note: str


class MonthSpend(msgspec.Struct, kw_only=True, frozen=True):
    """The runs of one calendar month (UTC, "2026-11"), this one excluded: their cost in US dollars.

    ``runs`` are those that cost something; ``ceiling`` is None when the month has none.
    """

    month: str
    spent: float
    runs: int
    ceiling: float | None


class Price(msgspec.Struct, kw_only=True, frozen=True):
    """Estimate of a run: a range per item and in total; ``hourly`` is the endpoint's price per hour.

    ``over`` says which ceiling the run is above when the settings want people to be asked then; ``changes``
    say what differs from the last run of the dataset; ``ways`` price blue/green and in place when there is
    a champion to choose between them for.
    """

    currency: str
    low: float
    expected: float
    high: float
    items: list[PriceItem]
    ceiling: float | None
    source: str
    hourly: float
    month: MonthSpend | None = None
    over: str = ""
    changes: list[str] = []
    ways: list[WayPrice] = []


class Approval(msgspec.Struct, kw_only=True, frozen=True):
    """Who decided about the run's money, and when (ISO time): what ``SendTaskSuccess`` carries.

    "automatic" is the settings' own yes; ``identity`` is the ARN that AWS knows the person by.
    """

    decision: Literal["approved", "declined", "automatic", "timed_out"]
    by: str
    at: str
    reason: str = ""
    identity: str = ""
