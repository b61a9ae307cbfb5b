"""One round of the guardian: look, decide, act, write down, tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from finetune_aws import endpoints, usage
from finetune_aws.bedrock import resource_tags
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger, json_attribute
from finetune_aws.notices import publish
from finetune_aws.telemetry import count, logger
from finetune_core import guarding
from finetune_core.errors import ServiceError
from finetune_core.guarding import Decision, Sighting, Watch
from finetune_core.runs import TAG_DATASET, TAG_EXPIRES, TAG_PIPELINE, TAG_RUN
from finetune_core.watching import kept_ready
from guard_endpoints.diary import Diary
from guard_endpoints.leftovers import LeftOvers
from guard_endpoints.spending import Spending

_WARNINGS = "guardian#warnings"


class Guardian:
    """Looks at what the pipeline has in the account in this Region, as of ``now`` (aware)."""

    def __init__(self, environment: Environment, now: datetime) -> None:
        self._environment = environment
        self._now = now
        self._ledger = Ledger(environment.ledger_table)
        self._diary = Diary(self._ledger, now)
        self._spending = Spending(self._ledger, now, environment.monthly_ceiling)
        self._first: ServiceError | None = None

    def patrol(self) -> dict[str, Any]:
        """Return what was done; one resource's error does not keep the others from being looked at."""
        found = [(served, tags) for served in endpoints.listed() if (tags := self._ours(served.arn))]
        for served, tags in found:
            if served.kind == "provisioned_throughput":
                self._spending.add(served.arn, served.created, self._hourly(served, tags))
        self._spending.close(self._diary)
        watch = Watch(
            now=self._now,
            idle_hours=self._environment.idle_hours,
            office_hours=self._environment.office_hours,
            ceiling_spent=self._spending.exhausted,
        )
        for served, tags in found:
            self._try(served.arn, partial(self._visit, served, tags, watch))
        rest = LeftOvers(self._environment, self._ledger, self._diary, self._now)
        self._try("custom models", lambda: rest.delete_models({served.model_arn for served, _ in found}))
        self._try("reward functions", rest.delete_rewards)
        self._try("runs", rest.close_dead_runs)
        return self._end()

    def _end(self) -> dict[str, Any]:
        self._measure()
        if self._diary.lines:
            subject = f"[finetune {self._environment.name}] guardian: {self._diary.summary()}"
            publish(self._environment.notices_topic, subject, "\n".join(self._diary.lines))
        if self._first:
            raise self._first
        return self._diary.answer | {"spent_usd_this_month": round(self._spending.total, 2)}

    def _try(self, what: str, visit: Callable[[], None]) -> None:
        try:
            visit()
        except ServiceError as error:
            logger.error(str(error), extra={"resource": what})
            self._diary.lines.append(f"FAILED   {what}: {error}")
            self._first = self._first or error

    def _ours(self, arn: str) -> dict[str, str]:
        """Return the tags of one of our resources, and nothing for anybody else's."""
        tags = resource_tags(arn)
        return tags if tags.get(TAG_PIPELINE) == self._environment.name else {}

    def _visit(self, served: endpoints.Served, tags: dict[str, str], watch: Watch) -> None:
        seen = self._sight(served, tags, watch)
        decision = guarding.decide(seen, watch)
        if decision.action == "keep":
            self._keep(served, decision, seen)
        elif decision.action == "warn":
            self._warn(served, decision, seen)
        else:
            endpoints.delete(served)
            hourly = self._hourly(served, tags) if seen.hourly_billed else 0.0
            self._diary.deleted(served.arn, served.name, decision.reason, decision.rule, hourly)

    def _sight(self, served: endpoints.Served, tags: dict[str, str], watch: Watch) -> Sighting:
        run = self._ledger.run(tags.get(TAG_RUN, "")) or {}
        champion = self._ledger.champion(tags.get(TAG_DATASET, "")) or {}
        warning = self._ledger.item(_WARNINGS, served.arn) or {}
        return Sighting(
            arn=served.arn,
            hourly_billed=served.kind == "provisioned_throughput",
            ours=True,
            committed=served.committed
            and not (served.committed_until and served.committed_until <= self._now),
            busy=served.busy,
            champion=served.arn in (champion.get("pointer"), champion.get("endpoint_arn")),
            # The champion before is kept ready while the new one is watched.
            run_running=run.get("status") == "RUNNING" or served.arn == kept_ready(champion, self._now),
            expires=read_time(tags.get(TAG_EXPIRES)),
            invocations=self._invocations(served, watch.idle_hours),
            asked_lately=not watch.closed or self._invocations(served, 1.0) != 0,
            warned_at=read_time(warning.get("at")),
        )

    def _invocations(self, served: endpoints.Served, hours: float) -> float | None:
        """Return how often it was asked in the last ``hours``, None when it is younger than that."""
        since = self._now - timedelta(hours=hours)
        return None if served.created > since else usage.invocations(served.arn, since, self._now)

    def _hourly(self, served: endpoints.Served, tags: dict[str, str]) -> float:
        """Return what it costs an hour: as its run was priced, else by the price table."""
        price = json_attribute(self._ledger.run(tags.get(TAG_RUN, "")), "price") or {}
        return float(price.get("hourly") or guarding.unit_price(served.model_arn, served.units))

    def _keep(self, served: endpoints.Served, decision: Decision, seen: Sighting) -> None:
        self._diary.answer["kept"].append(served.arn)
        recess = (self._ledger.item(_WARNINGS, served.arn) or {}).get("rule") == "office hours"
        if decision.reason == guarding.IN_USE and seen.warned_at is not None and not recess:
            # Back in use: a later idle spell has to be warned about anew. Office hours come every day.
            self._ledger.put(_WARNINGS, served.arn, {"at": "", "rule": "", "reason": guarding.IN_USE})

    def _warn(self, served: endpoints.Served, decision: Decision, seen: Sighting) -> None:
        if seen.warned_at is not None:
            self._diary.answer["warned"].append(served.arn)
            return
        at = self._now.isoformat()
        self._ledger.put(_WARNINGS, served.arn, {"at": at, "rule": decision.rule, "reason": decision.reason})
        self._diary.warned(served.arn, served.name, decision.reason, decision.rule)

    def _measure(self) -> None:
        """Emit what alarms watch: deletions, and the age of the oldest open run."""
        count(self._environment.name, "EndpointsDeleted", len(self._diary.answer["deleted"]))
        starts = [read_time(run.get("started_at")) for run in self._ledger.open_runs()]
        ages = [(self._now - start).total_seconds() / 3600 for start in starts if start]
        count(self._environment.name, "OldestRunHours", max(ages, default=0.0))


def read_time(text: object) -> datetime | None:
    """Return an ISO time with its zone (UTC when it has none), or None when there is none to read."""
    try:
        found = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
