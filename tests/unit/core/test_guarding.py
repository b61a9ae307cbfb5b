"""The guardian's rules, the first that fits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_core.guarding import Sighting, decide

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
        "expires": NOW + HOUR,
        "invocations": 5.0,
    }
    return Sighting(**(facts | changes))


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
    decision = decide(seen(**facts), NOW, idle_hours=24)
    assert (decision.action, bool(decision.reason)) == (action, True)
