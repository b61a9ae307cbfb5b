"""The guardian's rules, the first that fits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_core.guarding import (
    Sighting,
    Watch,
    decide,
    hours_left_in_month,
    is_left_over,
    month_hours,
    unit_price,
)
from finetune_core.office_hours import OfficeHours
from finetune_core.prices_data import UNKNOWN

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(**changes: Any) -> Sighting:
    facts: dict[str, Any] = {
        "arn": "arn",
        "hourly_billed": True,
        "ours": True,
        "committed": False,
        "busy": False,
        "champion": False,
        "run_running": True,
        "expires": NOW + 10 * HOUR,
        "invocations": 5.0,
    }
    return Sighting(**(facts | changes))


def night(day: Any) -> OfficeHours:
    return OfficeHours(zone="UTC", opens="22:00", closes="06:00", days=[day])


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        ({}, "keep"),
        ({"ours": False, "run_running": False, "expires": NOW - HOUR}, "keep"),
        ({"expires": NOW}, "delete"),
        ({"expires": None}, "keep"),
        ({"run_running": False}, "delete"),
        ({"run_running": False, "champion": True}, "keep"),
        ({"run_running": False, "busy": True}, "keep"),
        ({"run_running": False, "committed": True}, "warn"),
        ({"committed": True}, "keep"),
        ({"invocations": 0.0}, "keep"),
        ({"champion": True, "run_running": False, "invocations": 0.0}, "warn"),
        ({"champion": True, "run_running": False, "invocations": None}, "keep"),
        ({"champion": True, "run_running": False, "expires": NOW - HOUR}, "warn"),
        ({"champion": True, "expires": NOW - HOUR, "warned_at": NOW - 23 * HOUR}, "keep"),
        ({"champion": True, "expires": NOW - HOUR, "warned_at": NOW - 24 * HOUR}, "delete"),
        ({"champion": True, "hourly_billed": False, "expires": NOW - HOUR}, "keep"),
        ({"run_running": False, "hourly_billed": False}, "delete"),
    ],
)
def test_rules(facts: dict[str, Any], action: str) -> None:
    decision = decide(seen(**facts), Watch(now=NOW, idle_hours=24))
    assert (decision.action, bool(decision.reason)) == (action, True)


HOURS = OfficeHours(
    zone="Europe/Berlin", opens="08:00", closes="18:00", days=["Mon", "Tue", "Wed", "Thu", "Fri"]
)
EVENING = datetime(2026, 11, 23, 20, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), HOURS, False),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), HOURS, True),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), HOURS, False),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), HOURS, False),
        (datetime(2026, 6, 22, 6, 0, tzinfo=UTC), HOURS, True),  # summer time
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), night("Mon"), True),
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), night("Tue"), False),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), night("Tue"), True),
    ],
)
def test_office_hours(moment: datetime, hours: OfficeHours, expected: bool) -> None:
    assert hours.open_at(moment) is expected


@pytest.mark.parametrize(
    ("facts", "scope", "action"),
    [
        ({"asked_lately": False}, "unpromoted", "delete"),
        ({"asked_lately": True}, "unpromoted", "keep"),
        ({"asked_lately": False, "hourly_billed": False}, "unpromoted", "keep"),
        ({"asked_lately": False, "champion": True, "run_running": False}, "unpromoted", "keep"),
        ({"asked_lately": False, "champion": True, "run_running": False}, "all", "warn"),
        ({"asked_lately": False, "committed": True}, "all", "warn"),
    ],
)
def test_outside_office_hours(facts: dict[str, Any], scope: Any, action: str) -> None:
    hours = OfficeHours(zone="UTC", opens="08:00", closes="18:00", days=["Mon"], endpoints=scope)
    watch = Watch(now=EVENING, idle_hours=24, office_hours=hours)
    assert decide(seen(expires=None, **facts), watch).action == action


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        ({}, "delete"),
        ({"hourly_billed": False}, "keep"),
        ({"champion": True, "run_running": False}, "warn"),
        ({"champion": True, "run_running": False, "warned_at": NOW - 24 * HOUR}, "delete"),
        ({"committed": True}, "warn"),
        ({"ours": False}, "keep"),
    ],
)
def test_when_the_months_ceiling_is_spent(facts: dict[str, Any], action: str) -> None:
    watch = Watch(now=NOW, idle_hours=24, ceiling_spent=True)
    assert decide(seen(expires=None, **facts), watch).action == action


def test_a_runs_endpoint_is_warned_about_before_its_time_ends() -> None:
    watch = Watch(now=NOW, idle_hours=24)
    assert decide(seen(expires=NOW + 2 * HOUR), watch).action == "warn"
    assert decide(seen(expires=NOW + 3 * HOUR), watch).action == "keep"


@pytest.mark.parametrize(
    ("status", "keep", "finished", "expected"),
    [
        ("FAILED", False, NOW - HOUR, True),
        ("REJECTED", False, NOW - HOUR, True),
        ("FAILED", True, NOW - HOUR, False),
        ("FAILED", False, NOW, False),
        ("FAILED", False, None, False),
        ("HELD", False, NOW - HOUR, False),
        ("PROMOTED", False, NOW - HOUR, False),
        ("RUNNING", False, None, False),
        ("", False, NOW - HOUR, False),
    ],
)
def test_left_over_models(status: str, keep: bool, finished: datetime | None, expected: bool) -> None:
    assert is_left_over(status, keep_model=keep, finished=finished, now=NOW) is expected


def test_hours_and_prices() -> None:
    assert month_hours(NOW - 5 * HOUR, NOW) == 5
    assert month_hours(datetime(2026, 10, 30, tzinfo=UTC), NOW) == 22 * 24 + 12
    assert month_hours(NOW + HOUR, NOW) == 0
    assert hours_left_in_month(datetime(2026, 12, 31, 23, tzinfo=UTC)) == 1
    nova = "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-2-lite-v1:0:256k/abcdefabcdef"
    assert unit_price(nova, 2) == pytest.approx(121.0)
    assert unit_price("m", 1) == UNKNOWN["unit_hour"][1]
