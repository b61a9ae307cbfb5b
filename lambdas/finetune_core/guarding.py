"""Decides which endpoints the guardian deletes, warns about or keeps.

Rules, the first that fits:
    not ours          no tag ``finetune:pipeline`` of this environment: never touched
    committed         Bedrock refuses to delete it before its term: kept, told
    changing          Bedrock refuses while it is created or updated: next time
    champion          an on-demand deployment costs nothing while idle: kept. Provisioned Throughput that is
                      expired or idle: warned first, deleted when the warning is older than ``WARNING_HOURS``
    expired           past ``finetune:expires``
    orphan            its run is not RUNNING (or not in the ledger) and no champion uses it
    idle              billed by the hour, no run at work, not asked for ``idle_hours``
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

WARNING_HOURS: Final = 24.0
IN_USE: Final = "in use"
Action = Literal["delete", "warn", "keep"]


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What is known about one endpoint of the account when the guardian looks.

    ``invocations`` is None while it is too young to be judged; ``warned_at`` is the last warning about it.
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
    warned_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What to do with an endpoint, and why in words."""

    action: Action
    reason: str


def decide(seen: Sighting, now: datetime, idle_hours: float) -> Decision:
    """Return the guardian's decision about one endpoint."""
    if not seen.ours:
        return Decision("keep", "not this pipeline's")
    problem = _problem(seen, now, idle_hours)
    if not problem:
        return Decision("keep", IN_USE)
    if seen.committed:
        return Decision("warn", f"{problem}, but under a commitment that Bedrock does not end early")
    if seen.busy:
        return Decision("keep", f"{problem}, but in the middle of a change: next time")
    return _champion(seen, problem, now) if seen.champion else Decision("delete", problem)


def _problem(seen: Sighting, now: datetime, idle_hours: float) -> str:
    if seen.expires is not None and now >= seen.expires:
        return f"past its time to live ({seen.expires.isoformat(timespec='minutes')})"
    if not seen.champion and not seen.run_running:
        return "owned by no running run and no champion"
    idle = seen.hourly_billed and not seen.run_running and seen.invocations == 0
    return f"not asked anything for {idle_hours:g} hours" if idle else ""


def _champion(seen: Sighting, problem: str, now: datetime) -> Decision:
    if not seen.hourly_billed:
        return Decision("keep", f"{problem}, but a champion that costs nothing while idle")
    if seen.warned_at is None:
        return Decision("warn", f"champion {problem}: it is deleted in {WARNING_HOURS:g} hours")
    if now - seen.warned_at < timedelta(hours=WARNING_HOURS):
        return Decision(
            "keep", f"champion {problem}: warned at {seen.warned_at.isoformat(timespec='minutes')}"
        )
    return Decision("delete", f"champion {problem}, warned {WARNING_HOURS:g} hours ago")
