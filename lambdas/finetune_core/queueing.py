"""Who may go on and who waits: one run per dataset, and at most N customization jobs at once. Pure.

A queue is one item: its holders, those who wait, and the newest drop that ever stood in it. A holder that
is no longer alive (its execution has ended, or its lease is over) loses its place to the next who asks.

    dataset   one holder; a newer drop supersedes a run that waits, and never one that is at work
    jobs      N holders, first come first served; jobs that other programs run count as holders
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

QueueName = Literal["dataset", "jobs"]
TurnState = Literal["granted", "waiting", "superseded"]
Alive = Callable[["Entry"], bool]
"""Whether the execution of an entry still runs; asked only of those who stand in somebody's way."""

JOBS: Final = "queue#jobs"


class Entry(msgspec.Struct, kw_only=True, frozen=True):
    """One run in a queue.

    ``order`` sorts drops by age (time of the newest pinned version, then of the claim); ``since`` is the ISO
    time at which the run came to the queue; ``lease_until`` ends its claim whatever else is known.
    """

    run_id: str
    execution_arn: str
    job_name: str
    order: str
    since: str
    lease_until: str


class Queue(msgspec.Struct, kw_only=True, frozen=True):
    """Holders and waiting runs by run id; ``newest`` is the highest order seen and ``newest_run`` whose."""

    holders: dict[str, Entry] = {}
    waiting: dict[str, Entry] = {}
    newest: str = ""
    newest_run: str = ""
    revision: int = 0


class Turn(msgspec.Struct, kw_only=True, frozen=True):
    """The answer to a run that asks: go on, wait at ``place`` (1 is next) of ``of``, or end as superseded.

    ``waits_for`` names the runs, or the jobs of other programs, that are at work meanwhile.
    """

    state: TurnState
    queue: QueueName
    since: str
    place: int = 0
    of: int = 0
    waits_for: list[str] = []
    superseded_by: str = ""


def dataset_queue(collection: str, dataset: str) -> str:
    """Return the partition key of a dataset's queue."""
    return f"queue#{collection}/{dataset}"


def ask_for_dataset(queue: Queue, me: Entry, alive: Alive) -> tuple[Queue, Turn]:
    """Return the dataset's queue and the answer after ``me`` has asked for it."""
    me = queue.waiting.get(me.run_id, me)
    if me.run_id in queue.holders:
        return queue, Turn(state="granted", queue="dataset", since=queue.holders[me.run_id].since)
    if me.order < queue.newest:
        left = msgspec.structs.replace(queue, waiting=_without(queue.waiting, me))
        return left, Turn(state="superseded", queue="dataset", since=me.since, superseded_by=queue.newest_run)
    holders = {run: entry for run, entry in queue.holders.items() if alive(entry)}
    # Whoever else waits is older, and hears of it when it asks again.
    queue = msgspec.structs.replace(queue, newest=me.order, newest_run=me.run_id, waiting={})
    if holders:
        waiting = msgspec.structs.replace(queue, holders=holders, waiting={me.run_id: me})
        return waiting, Turn(
            state="waiting", queue="dataset", since=me.since, place=1, of=1, waits_for=sorted(holders)
        )
    held = msgspec.structs.replace(queue, holders={me.run_id: me})
    return held, Turn(state="granted", queue="dataset", since=me.since)


def ask_for_job(
    queue: Queue, me: Entry, alive: Alive, *, places: int, jobs: Sequence[str]
) -> tuple[Queue, Turn]:
    """Return the queue for jobs and the answer after ``me`` has asked for one of ``places``.

    ``jobs`` are the names of all jobs that the account has in progress.
    """
    if me.run_id in queue.holders:
        return queue, Turn(state="granted", queue="jobs", since=queue.holders[me.run_id].since)
    me = queue.waiting.get(me.run_id, me)
    holders, ahead = queue.holders, _ahead(queue, me)
    if len(holders) + len(ahead) + len(_foreign(jobs, holders)) >= places:
        holders = {run: entry for run, entry in holders.items() if alive(entry)}
        ahead = {run: entry for run, entry in ahead.items() if alive(entry)}
    foreign = _foreign(jobs, holders)
    behind = {
        run: entry
        for run, entry in queue.waiting.items()
        if run not in _ahead(queue, me) and run != me.run_id
    }
    if len(holders) + len(ahead) + len(foreign) < places:
        held = msgspec.structs.replace(queue, holders=holders | {me.run_id: me}, waiting=ahead | behind)
        return held, Turn(state="granted", queue="jobs", since=me.since)
    waiting = msgspec.structs.replace(queue, holders=holders, waiting=ahead | {me.run_id: me} | behind)
    return waiting, Turn(
        state="waiting",
        queue="jobs",
        since=me.since,
        place=len(ahead) + 1,
        of=len(waiting.waiting),
        waits_for=[*sorted(holders), *foreign],
    )


def _ahead(queue: Queue, me: Entry) -> dict[str, Entry]:
    mine = (me.since, me.run_id)
    return {run: entry for run, entry in queue.waiting.items() if (entry.since, run) < mine}


def _foreign(jobs: Sequence[str], holders: dict[str, Entry]) -> list[str]:
    """Return the jobs in progress that no holder has started."""
    return sorted(set(jobs) - {entry.job_name for entry in holders.values()})


def _without(entries: dict[str, Entry], me: Entry) -> dict[str, Entry]:
    return {run: entry for run, entry in entries.items() if run != me.run_id}
