"""Times and sizes of the state machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Limits and pauses in seconds; `evaluation_concurrency` is the number of shards answered at once.

    A dataset of more than `large_bytes` is validated in shards of `shard_bytes`, `shard_concurrency` at once.
    `scheduled_jobs` is the number of customization jobs that may be in progress at once.
    """

    settle: int = 120
    approval: int = 3 * 24 * 3600
    training: int = 72 * 3600
    training_poll: int = 300
    training_stall: int = 12 * 3600
    poll: int = 60
    serving: int = 2 * 3600
    judge: int = 2 * 3600
    machine: int = 7 * 24 * 3600
    evaluation_concurrency: int = 4
    large_bytes: int = 256 * 1024**2
    shard_bytes: int = 64 * 1024**2
    shard_concurrency: int = 40
    scheduled_jobs: int = 10
