"""One round of the watch: read the metrics of each new champion, and go back where they are bad."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from finetune_aws import rollback, usage
from finetune_aws.environment import Environment
from finetune_aws.ledger import Item, Ledger
from finetune_aws.notices import publish
from finetune_aws.parameters import pointer_name
from finetune_aws.telemetry import logger
from finetune_core.errors import FinetuneError, NotFound, ServiceError, ServingFailed
from finetune_core.watching import breach, read_limits

LONGEST_WATCH: Final = timedelta(hours=720)
_BY: Final = "the watch"
_PATIENCE: Final = 120.0
"""Seconds that one round waits for an endpoint to take its model from before back."""


class Watchman:
    """Looks at the champions of this environment as of ``now``."""

    def __init__(self, environment: Environment, now: datetime) -> None:
        self._environment = environment
        self._now = now
        self._ledger = Ledger(environment.ledger_table)
        self._answer: dict[str, Any] = {"watched": [], "rolled_back": [], "swapping": [], "told": []}

    def look_around(self) -> dict[str, Any]:
        """Return what was done; one champion's error does not keep the others from being looked at."""
        first: ServiceError | None = None
        for champion in self._ledger.champions((self._now - LONGEST_WATCH).isoformat(timespec="seconds")):
            try:
                self._look(champion)
            except ServiceError as error:
                logger.error(str(error), extra={"dataset": champion.get("dataset")})
                first = first or error
        if first:
            raise first
        return self._answer

    def _look(self, champion: Item) -> None:
        limits, arn = read_limits(champion), str(champion.get("endpoint_arn") or "")
        if limits is None or not arn or self._now >= datetime.fromisoformat(limits.until):
            return
        self._answer["watched"].append(champion["dataset"])
        since = datetime.fromisoformat(str(champion["promoted_at"]))
        reason = breach(usage.health(arn, since, self._now), limits)
        if reason:
            self._go_back(champion, reason)

    def _go_back(self, champion: Item, reason: str) -> None:
        dataset = str(champion["dataset"])
        try:
            way = rollback.look(dataset, self._environment.name, self._ledger)
            if not way.endpoint:
                raise ServingFailed("the endpoint of the champion before is gone", where=way.model_arn)
            if way.swaps and not rollback.swap_back(way, _PATIENCE):
                self._answer["swapping"].append(dataset)  # the next round goes on with it
                return
            request = rollback.Request(_BY, reason)
            rollback.carry_out(way, request, self._environment.name, self._ledger, self._now)
        except (ServingFailed, NotFound) as error:
            self._give_up(champion, reason, error)
            return
        self._answer["rolled_back"].append(dataset)
        self._tell(champion, reason, f"rolled back to run {way.returns_to}")

    def _give_up(self, champion: Item, reason: str, error: FinetuneError) -> None:
        """Tell people once, and end the watch: there is nothing that it could go back to."""
        dataset = str(champion["dataset"])
        self._tell(champion, reason, f"NOT rolled back: {error} By hand: finetune rollback {dataset}")
        self._ledger.put_champion(dataset, champion | {"watch": None}, replaces=str(champion["run_id"]))
        self._answer["told"].append(dataset)

    def _tell(self, champion: Item, reason: str, what: str) -> None:
        dataset = champion["dataset"]
        subject = f"[finetune {self._environment.name}] {dataset}: {what}"
        lines = [
            f"Dataset   {dataset}",
            f"Champion  run {champion['run_id']}, watched since {champion['promoted_at']}",
            f"Why       {reason}",
            f"What      {what}",
            f"Pointer   {pointer_name(self._environment.name, str(dataset))} (SSM parameter)",
        ]
        publish(self._environment.notices_topic, subject, "\n".join(lines))
