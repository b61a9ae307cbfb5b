"""The watch over a new champion: what is kept ready meanwhile, and when the one before takes over again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from finetune_core.gate import Watch


class Limits(msgspec.Struct, kw_only=True, frozen=True):
    """What a new champion must keep to until ``until`` (ISO time).

    ``error_rate`` is the share of calls that the service failed, ``latency_ms`` the mean latency (0: not
    limited); ``minimum_calls`` is the fewest calls to judge by.
    """

    until: str
    error_rate: float
    latency_ms: float
    minimum_calls: int


class Health(msgspec.Struct, kw_only=True, frozen=True):
    """An endpoint's calls since its promotion: answered, failed by the service, mean latency or None."""

    answered: float
    failed: float
    latency_ms: float | None


def limits(watch: Watch, now: datetime, measured_ms: int) -> Limits | None:
    """Return the limits of a champion promoted ``now``, None when it is not to be watched.

    ``measured_ms`` is the candidate's mean latency in its evaluation, 0 when it was not measured.
    """
    if not watch.hours:
        return None
    return Limits(
        until=(now + timedelta(hours=watch.hours)).isoformat(timespec="seconds"),
        error_rate=watch.error_rate,
        latency_ms=watch.latency_factor * measured_ms,
        minimum_calls=watch.minimum_calls,
    )


def breach(health: Health, limits: Limits) -> str:
    """Return in words what the champion did not keep to, or "" when all is well or too little is known."""
    calls = health.answered + health.failed
    if calls < limits.minimum_calls:
        return ""
    if health.failed > limits.error_rate * calls:
        return (
            f"{health.failed:g} of {calls:g} calls failed, more than the {limits.error_rate:.1%} "
            "that the settings allow"
        )
    slow = limits.latency_ms and health.latency_ms is not None and health.latency_ms > limits.latency_ms
    if slow:
        return (
            f"answers took {health.latency_ms:,.0f} ms on average, more than the {limits.latency_ms:,.0f} ms "
            "that the settings allow"
        )
    return ""


def read_limits(champion: Mapping[str, Any]) -> Limits | None:
    """Return the limits in a champion's ledger item, None when it is not watched."""
    text = champion.get("watch")
    return msgspec.json.decode(text, type=Limits) if text else None


def read_previous(champion: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the champion before, as it is kept in a champion's ledger item."""
    text = champion.get("previous")
    found = msgspec.json.decode(text) if text else None
    return found if isinstance(found, dict) else None


def kept_ready(champion: Mapping[str, Any] | None, now: datetime) -> str:
    """Return the endpoint (ARN) of the champion before, as long as the watch keeps it, else ""."""
    found = read_limits(champion or {})
    if champion is None or found is None or now >= datetime.fromisoformat(found.until):
        return ""
    return str((read_previous(champion) or {}).get("pointer") or "")
