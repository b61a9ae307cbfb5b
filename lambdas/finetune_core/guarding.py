"""Decides which endpoints and models the guardian deletes, warns about or keeps.

Rules for endpoints, the first that fits:
    not ours          no tag ``finetune:pipeline`` of this environment: never touched
    expired           past ``finetune:expires``
    orphan            its run is not RUNNING (or not in the ledger) and no champion uses it
    ceiling           billed by the hour, and the month's ceiling is spent
    office hours      billed by the hour, outside the settings' hours, nobody asked it in the last hour
    idle              billed by the hour, no run at work, not asked for ``idle_hours``
and then:
    committed         Bedrock refuses to delete it before its term: kept, told
    changing          Bedrock refuses while it is created or updated: next time
    champion          an on-demand deployment costs nothing while idle: kept. Provisioned Throughput is warned
                      about first, and deleted when the warning is older than ``WARNING_HOURS``
A run's endpoint is warned about ``AHEAD_HOURS`` before its time to live ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from finetune_core import catalogue
from finetune_core.office_hours import OfficeHours
from finetune_core.prices_data import PRICES, STORAGE_MONTH, UNKNOWN

WARNING_HOURS: Final = 24.0
AHEAD_HOURS: Final = 2.0
GRACE_HOURS: Final = 1.0
"""So long after its end a run may still be cleaned up by its own functions."""
CEILING_WARNING: Final = 0.8
"""Share of the month's ceiling from which people are told."""
IN_USE: Final = "in use"
STORAGE_PER_DAY: Final = STORAGE_MONTH.dollars * 12 / 365
"""US dollars that a stored custom model costs a day."""
Action = Literal["delete", "warn", "keep"]
Rule = Literal["", "expired", "orphan", "ceiling", "office hours", "idle"]


class Watch(Struct, frozen=True, kw_only=True):
    """What counts for all endpoints in one round. ``ceiling_spent`` is True once people have been told."""

    now: datetime
    idle_hours: float
    office_hours: OfficeHours | None = None
    ceiling_spent: bool = False

    @property
    def closed(self) -> bool:
        """Whether it is outside of office hours now."""
        return self.office_hours is not None and not self.office_hours.open_at(self.now)


class Sighting(Struct, frozen=True, kw_only=True):
    """What is known about one endpoint of the account when the guardian looks.

    ``invocations`` is None while it is too young to be judged, ``asked_lately`` is about the last hour;
    ``warned_at`` is the last warning about it.
    """

    arn: str
    hourly_billed: bool
    ours: bool
    committed: bool
    busy: bool
    champion: bool
    run_running: bool
    expires: datetime | None
    invocations: float | None
    asked_lately: bool = True
    warned_at: datetime | None = None


class Decision(Struct, frozen=True):
    """What to do with an endpoint, why in words, and by which rule ("" when none fits)."""

    action: Action
    reason: str
    rule: Rule = ""


def decide(seen: Sighting, watch: Watch) -> Decision:
    """Return the guardian's decision about one endpoint."""
    if not seen.ours:
        return Decision("keep", "not this pipeline's")
    rule, problem = _problem(seen, watch)
    if not rule:
        return _ahead(seen, watch.now)
    if seen.committed:
        told = f"{problem}, but under a commitment that Bedrock does not end early"
        return Decision("warn", told, rule)
    if seen.busy:
        return Decision("keep", f"{problem}, but in the middle of a change: next time", rule)
    return _champion(seen, rule, problem, watch.now) if seen.champion else Decision("delete", problem, rule)


def _problem(seen: Sighting, watch: Watch) -> tuple[Rule, str]:  # noqa: PLR0911 - one line for each rule
    if seen.expires is not None and watch.now >= seen.expires:
        return "expired", f"past its time to live ({seen.expires.isoformat(timespec='minutes')})"
    if not seen.champion and not seen.run_running:
        return "orphan", "owned by no running run and no champion"
    if not seen.hourly_billed:
        return "", ""
    if watch.ceiling_spent:
        return "ceiling", "this month's ceiling is spent"
    hours = watch.office_hours
    if hours and watch.closed and not seen.asked_lately and (hours.endpoints == "all" or not seen.champion):
        return "office hours", f"outside office hours ({hours.words()})"
    if not seen.run_running and seen.invocations == 0:
        return "idle", f"not asked anything for {watch.idle_hours:g} hours"
    return "", ""


def _ahead(seen: Sighting, now: datetime) -> Decision:
    soon = seen.expires is not None and now >= seen.expires - timedelta(hours=AHEAD_HOURS)
    if soon and seen.expires and not seen.champion:
        return Decision("warn", f"its time to live ends at {seen.expires.isoformat(timespec='minutes')}")
    return Decision("keep", IN_USE)


def _champion(seen: Sighting, rule: Rule, problem: str, now: datetime) -> Decision:
    if not seen.hourly_billed:
        return Decision("keep", f"{problem}, but a champion that costs nothing while idle", rule)
    if seen.warned_at is None:
        told = f"champion {problem}: it is deleted in {WARNING_HOURS:g} hours, and what asks it will fail"
        return Decision("warn", told, rule)
    if now - seen.warned_at < timedelta(hours=WARNING_HOURS):
        told = f"champion {problem}: warned at {seen.warned_at.isoformat(timespec='minutes')}"
        return Decision("keep", told, rule)
    return Decision("delete", f"champion {problem}, warned {WARNING_HOURS:g} hours ago", rule)


def is_left_over(status: str, *, keep_model: bool, finished: datetime | None, now: datetime) -> bool:
    """Whether a custom model is one that its run's clean-up should have deleted.

    ``status`` is the run's in the ledger; a run that is not there ("") decides nothing, since a model that is
    deleted cannot be had back.
    """
    ended = finished is not None and now - finished >= timedelta(hours=GRACE_HOURS)
    return status in ("FAILED", "REJECTED") and ended and not keep_model


def unit_price(model_arn: str, units: int) -> float:
    """Return what Provisioned Throughput for a custom model costs an hour, unknown prices as estimates do."""
    base_id = model_arn.partition(":custom-model/")[2].partition("/")[0]
    model = catalogue.find_model(base_id) if base_id else None
    row = PRICES.get(model.price_family) if model else None
    return (row.unit_hour.dollars if row and row.unit_hour else UNKNOWN["unit_hour"][1]) * units


def month_hours(since: datetime, until: datetime) -> float:
    """Return the hours from ``since`` to ``until`` that lie in the month of ``until`` (UTC), at least 0."""
    start = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return max((until - max(since, start)).total_seconds() / 3600, 0.0)


def hours_left_in_month(now: datetime) -> float:
    """Return the hours until the month of ``now`` ends (UTC)."""
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = following.replace(hour=0, minute=0, second=0, microsecond=0)
    return (end - now).total_seconds() / 3600
