"""Queues in the ledger: read whole, written only if nobody wrote in between, left with one update.

Keys: pk of ``finetune_core.queueing``, sk ``queue``. Every write raises ``revision``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from finetune_aws.ledger import Ledger
from finetune_core.contracts import Plan
from finetune_core.queueing import JOBS, Queue, dataset_queue

SORT_KEY: Final = "queue"


def load(ledger: Ledger, key: str) -> Queue:
    """Return a queue, empty when nobody has stood in it yet. Calls: dynamodb:GetItem."""
    return msgspec.convert(ledger.item(key, SORT_KEY) or {}, Queue, strict=False)


def store(ledger: Ledger, key: str, queue: Queue) -> bool:
    """Write a queue that was read at ``queue.revision``; False when it has changed since.

    Calls: dynamodb:PutItem.
    """
    values = msgspec.to_builtins(queue) | {"revision": queue.revision + 1}
    return ledger.put_at(key, SORT_KEY, values, revision=queue.revision)


def leave(ledger: Ledger, plan: Plan) -> None:
    """Take a run out of both queues, wherever it stood in them. Calls: dynamodb:UpdateItem."""
    for key in (dataset_queue(plan.collection, plan.dataset), JOBS):
        ledger.remove_members(key, SORT_KEY, (("holders", plan.run_id), ("waiting", plan.run_id)))
