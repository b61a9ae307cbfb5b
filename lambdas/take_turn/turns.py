"""One question to a queue: read it, decide, write it back unless somebody was faster, tell the ledger."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from finetune_aws import bedrock, executions
from finetune_aws.ledger import Item, Ledger
from finetune_aws.queues import load, store
from finetune_core.contracts import Plan, write
from finetune_core.errors import Conflict
from finetune_core.queueing import (
    JOBS,
    Entry,
    Queue,
    QueueName,
    Turn,
    ask_for_dataset,
    ask_for_job,
    dataset_queue,
)

ATTEMPTS: Final = 5


class Turns(Struct, frozen=True, kw_only=True):
    """The questions of one run at one moment."""

    plan: Plan
    ledger: Ledger
    lease_seconds: float
    now: datetime

    def take(self, name: QueueName, places: int) -> Turn:
        """Return the answer of a queue, kept in the run's ledger item as ``queue``.

        Raises:
            Conflict: others wrote the queue each time; the state machine asks again.
        """
        run = self.ledger.run(self.plan.run_id) or {}
        me = self._entry(str(run.get("started_at") or ""))
        turn = self._superseded(me) if name == "jobs" else None
        turn = turn or self._ask(name, me, places)
        if turn.state == "waiting" and name == "dataset":
            self._release_from_approval(turn)
        self.ledger.update_run(self.plan.run_id, {"queue": json.dumps(write(turn))}, while_running=True)
        return turn

    def _entry(self, claimed_at: str) -> Entry:
        return Entry(
            run_id=self.plan.run_id,
            execution_arn=self.plan.execution_arn,
            job_name=self.plan.names.job,
            order=f"{self.plan.dropped_at} {claimed_at} {self.plan.run_id}",
            since=_iso(self.now),
            lease_until=_iso(self.now + timedelta(seconds=self.lease_seconds)),
        )

    def _ask(self, name: QueueName, me: Entry, places: int) -> Turn:
        key = self._key(name)
        jobs = bedrock.jobs_in_progress() if name == "jobs" else []
        for _ in range(ATTEMPTS):
            queue = load(self.ledger, key)
            if name == "dataset":
                changed, turn = ask_for_dataset(queue, me, self._alive)
            else:
                changed, turn = ask_for_job(queue, me, self._alive, places=places, jobs=jobs)
            if changed == queue or store(self.ledger, key, changed):
                return turn
        raise Conflict(
            f"{key} was changed by others {ATTEMPTS} times in a row", where="ledger", remedy="Ask again."
        )

    def _key(self, name: QueueName) -> str:
        return JOBS if name == "jobs" else dataset_queue(self.plan.collection, self.plan.dataset)

    def _superseded(self, me: Entry) -> Turn | None:
        """Tell whether a newer drop waits for the dataset while this run waits for its job."""
        queue: Queue = load(self.ledger, self._key("dataset"))
        held = queue.holders.get(me.run_id)
        if held is None or not queue.waiting or queue.newest <= held.order:
            return None
        return Turn(state="superseded", queue="jobs", since=me.since, superseded_by=queue.newest_run)

    def _alive(self, entry: Entry) -> bool:
        return entry.lease_until > _iso(self.now) and executions.is_running(entry.execution_arn)

    def _release_from_approval(self, turn: Turn) -> None:
        """Take the question back from people when the run in question is older than this one."""
        for run_id in turn.waits_for:
            item: Item = self.ledger.run(run_id) or {}
            if item.get("phase") == "approve" and item.get("task_token"):
                executions.fail_task(
                    str(item["task_token"]),
                    "Superseded",
                    f"run {self.plan.run_id} has newer data; nobody had answered for {run_id} yet",
                )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
