"""Times of the state machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Limits and pauses in seconds; `evaluation_concurrency` is the number of shards answered at once.

    `scheduled_jobs` is the number of customization jobs that may be in progress at once.
    """

    settle: int = 120
    approval: int = 3 * 24 * 3600
    training: int = 72 * 3600
    poll: int = 60
    serving: int = 2 * 3600
    machine: int = 7 * 24 * 3600
    evaluation_concurrency: int = 4
    scheduled_jobs: int = 10
