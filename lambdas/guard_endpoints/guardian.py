"""One round of the guardian: look, decide, act, write down, tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from finetune_aws import endpoints, usage
from finetune_aws.bedrock import resource_tags
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger, json_attribute
from finetune_aws.notices import publish
from finetune_aws.telemetry import count, logger
from finetune_core.errors import ServiceError
from finetune_core.guarding import IN_USE, Decision, Sighting, decide
from finetune_core.runs import TAG_DATASET, TAG_EXPIRES, TAG_PIPELINE, TAG_RUN
from finetune_core.watching import kept_ready

_WARNINGS = "guardian#warnings"


class Guardian:
    """Looks at the endpoints of the account in this Region, as of ``now``."""

    def __init__(self, environment: Environment, now: datetime) -> None:
        self._environment = environment
        self._now = now
        self._ledger = Ledger(environment.ledger_table)
        self._lines: list[str] = []
        self._answer: dict[str, Any] = {"deleted": [], "warned": [], "kept": [], "saved_usd_per_day": 0.0}

    def patrol(self) -> dict[str, Any]:
        """Return what was done; one endpoint's error does not keep the others from being looked at."""
        first: ServiceError | None = None
        for served in endpoints.listed():
            try:
                self._visit(served)
            except ServiceError as error:
                logger.error(str(error), extra={"endpoint": served.arn})
                self._lines.append(f"FAILED   {served.arn}: {error}")
                first = first or error
        self._measure()
        if self._lines:
            subject = f"[finetune {self._environment.name}] guardian: {len(self._answer['deleted'])} deleted"
            publish(self._environment.notices_topic, subject, "\n".join(self._lines))
        if first:
            raise first
        return self._answer

    def _visit(self, served: endpoints.Served) -> None:
        tags = resource_tags(served.arn)
        if tags.get(TAG_PIPELINE) != self._environment.name:
            return
        run = self._ledger.run(tags.get(TAG_RUN, "")) or {}
        seen = self._sight(served, tags, run)
        decision = decide(seen, self._now, self._environment.idle_hours)
        if decision.action == "keep":
            self._answer["kept"].append(served.arn)
            if decision.reason == IN_USE and seen.warned_at is not None:
                # Back in use: a later idle spell has to be warned about anew.
                self._ledger.put(_WARNINGS, served.arn, {"at": "", "reason": IN_USE})
            return
        if decision.action == "warn":
            self._warn(served, decision, seen)
            return
        endpoints.delete(served)
        hourly = float((json_attribute(run, "price") or {}).get("hourly", 0.0)) if seen.hourly_billed else 0.0
        self._answer["deleted"].append(served.arn)
        self._answer["saved_usd_per_day"] += hourly * 24
        self._write_down("deleted", served, decision, hourly)
        self._lines.append(f"DELETED  {served.arn}: {decision.reason}; saves ${hourly * 24:,.2f} a day")

    def _sight(self, served: endpoints.Served, tags: dict[str, str], run: dict[str, Any]) -> Sighting:
        champion = self._ledger.champion(tags.get(TAG_DATASET, "")) or {}
        warning = self._ledger.item(_WARNINGS, served.arn) or {}
        return Sighting(
            arn=served.arn,
            hourly_billed=served.kind == "provisioned_throughput",
            ours=True,
            committed=served.committed,
            busy=served.busy,
            champion=served.arn in (champion.get("pointer"), champion.get("endpoint_arn")),
            # The champion before is kept ready while the new one is watched.
            run_running=run.get("status") == "RUNNING" or served.arn == kept_ready(champion, self._now),
            expires=_time(tags.get(TAG_EXPIRES)),
            invocations=self._invocations(served),
            warned_at=_time(warning.get("at")),
        )

    def _invocations(self, served: endpoints.Served) -> float | None:
        since = self._now - timedelta(hours=self._environment.idle_hours)
        young = served.created > since
        return None if young else usage.invocations(served.arn, since, self._now)

    def _warn(self, served: endpoints.Served, decision: Decision, seen: Sighting) -> None:
        self._answer["warned"].append(served.arn)
        if seen.warned_at is not None:
            return
        self._ledger.put(_WARNINGS, served.arn, {"at": self._now.isoformat(), "reason": decision.reason})
        self._write_down("warned", served, decision, 0.0)
        self._lines.append(f"WARNING  {served.arn}: {decision.reason}")

    def _write_down(self, action: str, served: endpoints.Served, decision: Decision, hourly: float) -> None:
        stamp = self._now.isoformat(timespec="milliseconds")
        values = {
            "kind": "guardian",
            "action": action,
            "arn": served.arn,
            "name": served.name,
            "reason": decision.reason,
            "at": stamp,
            "started_at": stamp,
            "saved_usd_per_day": hourly * 24,
        }
        self._ledger.put(f"guardian#{self._now:%Y-%m-%d}", f"{stamp}#{served.arn}", values)

    def _measure(self) -> None:
        """Emit what alarms watch: deletions, and the age of the oldest open run."""
        count(self._environment.name, "EndpointsDeleted", len(self._answer["deleted"]))
        starts = [_time(run.get("started_at")) for run in self._ledger.open_runs()]
        ages = [(self._now - start).total_seconds() / 3600 for start in starts if start]
        count(self._environment.name, "OldestRunHours", max(ages, default=0.0))


def _time(text: object) -> datetime | None:
    """Return an ISO time with its zone (UTC when it has none), or None when there is none to read."""
    try:
        found = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
