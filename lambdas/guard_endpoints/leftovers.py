"""What clean-up missed: custom models and reward functions of ended runs, and runs whose execution died."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from finetune_aws import bedrock, executions, functions
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger, json_attribute
from finetune_aws.telemetry import logger
from finetune_core.errors import Conflict
from finetune_core.guarding import GRACE_HOURS, STORAGE_PER_DAY, is_left_over
from finetune_core.runs import TAG_DATASET, TAG_PIPELINE, TAG_RUN, reward_prefix
from guard_endpoints.diary import Diary


class LeftOvers:
    """Compares custom models and open runs with the ledger, as of ``now``."""

    def __init__(self, environment: Environment, ledger: Ledger, diary: Diary, now: datetime) -> None:
        self._environment = environment
        self._ledger = ledger
        self._diary = diary
        self._now = now

    def delete_models(self, served: set[str]) -> None:
        """Delete left-over custom models; one that an endpoint (``served``) or a job uses is kept."""
        for arn in bedrock.own_models():
            tags = bedrock.resource_tags(arn)
            if tags.get(TAG_PIPELINE) != self._environment.name or arn in served:
                continue
            run = self._ledger.run(tags.get(TAG_RUN, "")) or {}
            champion = self._ledger.champion(tags.get(TAG_DATASET, "")) or {}
            if champion.get("model_arn") != arn and self._left_over(run):
                self._delete(arn, run)

    def _left_over(self, run: dict[str, Any]) -> bool:
        settings = (json_attribute(run, "plan") or {}).get("settings") or {}
        return is_left_over(
            str(run.get("status") or ""),
            keep_model=bool(settings.get("keep_model")),
            finished=_time(run.get("finished_at")),
            now=self._now,
        )

    def _delete(self, arn: str, run: dict[str, Any]) -> None:
        try:
            bedrock.delete_custom_model(arn)
        except Conflict as error:
            logger.info(str(error), extra={"model": arn})
            return
        reason = f"left over from run {run.get('run_id')}, which ended as {run.get('outcome')}"
        self._diary.deleted(arn, str(run.get("run_id") or ""), reason, "model", STORAGE_PER_DAY / 24)

    def delete_rewards(self) -> None:
        """Delete reward functions whose run is over; those that the platform has deployed have no run."""
        for name in functions.named(reward_prefix(self._environment.name)):
            found = functions.find(name)
            run_id = found.tags.get(TAG_RUN, "") if found else ""
            if not found or not run_id or found.tags.get(TAG_PIPELINE) != self._environment.name:
                continue
            if (self._ledger.run(run_id) or {}).get("status") != "RUNNING":
                functions.delete(name)
                self._diary.deleted(found.arn, name, f"reward function of run {run_id}", "reward", 0.0)

    def close_dead_runs(self) -> None:
        """Hand runs that are RUNNING, but whose execution is not, to ``close_run``."""
        for run in self._ledger.open_runs():
            arn = str(run.get("execution_arn") or "")
            status, stopped = executions.state(arn) if arn else ("ABORTED", None)
            recent = stopped is not None and self._now - stopped < timedelta(hours=GRACE_HOURS)
            if status in executions.ALIVE or recent:
                continue
            status = status if status in executions.BADLY else "FAILED"
            executions.close(self._environment.close_run_function, arn, status)
            reason = f"RUNNING in the ledger, but its execution is not ({status})"
            self._diary.closed(arn, str(run["run_id"]), reason)


def _time(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
