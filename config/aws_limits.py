"""Limits of AWS that show only when a stack is deployed or a run is days old; settings are held against them.

Sources read 2026-11-24: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (environment
variables), https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html (history).
"""

from __future__ import annotations

from typing import Final, Protocol

RUN_DEFAULTS_BYTES: Final = 3_500
"""Of the 4 KB that all environment variables of a function may have together; the others need about 500."""

HISTORY_EVENTS: Final = 22_000
"""Of the 25,000 events that an execution may have; with one more it fails. Other states need the rest."""

_ROUND: Final = 11
"""Events of one look at what is not ready: a Wait (2), a Task (5) and two Choices (4)."""

_CONTESTANTS: Final = 3


class Times(Protocol):
    """How long a run may take and how often it looks, seconds."""

    @property
    def machine_timeout_seconds(self) -> int: ...  # noqa: D102
    @property
    def training_timeout_seconds(self) -> int: ...  # noqa: D102
    @property
    def training_poll_seconds(self) -> int: ...  # noqa: D102
    @property
    def serving_timeout_seconds(self) -> int: ...  # noqa: D102
    @property
    def serving_poll_seconds(self) -> int: ...  # noqa: D102
    @property
    def judge_timeout_seconds(self) -> int: ...  # noqa: D102


def polling_events(times: Times) -> int:
    """Give the most events that waiting may take; a judge is waited for once per contestant.

    A run in a queue pauses for fifteen serving polls, of which jitter leaves three quarters on average.
    """
    training = times.training_timeout_seconds / times.training_poll_seconds
    serving = times.serving_timeout_seconds / times.serving_poll_seconds
    judges = _CONTESTANTS * times.judge_timeout_seconds / times.training_poll_seconds
    queues = times.machine_timeout_seconds / (15 * 0.75 * times.serving_poll_seconds)
    return round((training + serving + judges + queues) * _ROUND)
