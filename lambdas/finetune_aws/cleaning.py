"""Takes down what a run created in Bedrock and did not promote, found by its names and tags.

Names follow from the run id, so that a resource is found even when the answer of its create call was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from finetune_aws import bedrock, endpoints, parameters
from finetune_aws.ledger import Ledger
from finetune_core.contracts import Plan
from finetune_core.errors import Conflict, RequestInvalid
from finetune_core.runs import TAG_PIPELINE, TAG_RUN

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 15.0
"""Seconds between looks at an endpoint that Bedrock refuses to delete while it is being created."""


@dataclass
class Cleaner:
    """Cleans up after one run; waits ``seconds`` at most for endpoints in the middle of a change."""

    plan: Plan
    environment: str
    ledger: Ledger
    seconds: float
    pause: Callable[[float], None] = time.sleep
    deleted: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    job_failure: str | None = None
    promoted: bool = False

    def clean(self) -> None:
        """Stop the job, delete the endpoint, then the model unless the settings keep it.

        Raises:
            Conflict: Bedrock still refuses a deletion when the time is up; trying again is safe.
        """
        self.promoted = self.plan.action == "run" and self._promoted()
        if self.plan.action != "run" or self.promoted:
            return
        self._stop_job()
        for kind in ("provisioned_throughput", "on_demand"):
            found = endpoints.find(kind, self.plan.names.endpoint)
            if found and self._ours(found.arn):
                self._restore_pointer(found.arn)
                self._delete_endpoint(found)
        self._delete_model()

    def _promoted(self) -> bool:
        """Whether this run's promotion is complete in the ledger: then all of it is in use and stays."""
        champion = self.ledger.champion(self.plan.dataset)
        if champion is None or champion.get("run_id") != self.plan.run_id:
            return False
        self.kept += [arn for arn in (champion.get("endpoint_arn"), champion.get("model_arn")) if arn]
        return True

    def _stop_job(self) -> None:
        job = bedrock.customization_job(self.plan.names.job)
        if job is None:
            return
        self.job_failure = job.get("failureMessage")
        if job.get("status") == "InProgress":
            bedrock.stop_job(self.plan.names.job)
            self.deleted.append(job["jobArn"])

    def _ours(self, arn: str) -> bool:
        tags = bedrock.resource_tags(arn)
        ours = (tags.get(TAG_PIPELINE), tags.get(TAG_RUN)) == (self.environment, self.plan.run_id)
        if not ours:
            self.kept.append(arn)
        return ours

    def _restore_pointer(self, arn: str) -> None:
        """Point applications back when a promotion broke off between its first and its second write."""
        name = parameters.pointer_name(self.environment, self.plan.dataset)
        if parameters.read_parameter(name) != arn:
            return
        before = str((self.ledger.champion(self.plan.dataset) or {}).get("pointer") or "")
        if before:
            parameters.write_parameter(name, before, f"Restored after run {self.plan.run_id} failed")
        else:
            parameters.delete_parameter(name)

    def _delete_endpoint(self, found: endpoints.Served) -> None:
        current: endpoints.Served | None = found
        waited, pause = 0.0, FIRST_PAUSE
        while current is not None:
            try:
                endpoints.delete(current)
                self.deleted.append(current.arn)
                return
            except (Conflict, RequestInvalid):
                # Refused while it is being created or updated; anything else is a real refusal.
                if not current.busy and self._settled(current):
                    raise
                if waited >= self.seconds:
                    raise Conflict(
                        f"endpoint {current.name} is still {current.status} and cannot be deleted yet",
                        where=current.arn,
                        remedy="It is tried again; the guardian deletes it at the latest.",
                    ) from None
            self.pause(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)
            current = endpoints.find(current.kind, current.arn)

    @staticmethod
    def _settled(before: endpoints.Served) -> bool:
        """Look once more: the status may have changed between the look and the refusal."""
        now = endpoints.find(before.kind, before.arn)
        return now is not None and now.status == before.status

    def _delete_model(self) -> None:
        model = bedrock.custom_model(self.plan.names.model)
        if model is None:
            return
        arn = model["modelArn"]
        if self.plan.settings.keep_model or not self._ours(arn):
            if arn not in self.kept:
                self.kept.append(arn)
            return
        self._wait_for_endpoints()
        bedrock.delete_custom_model(arn)
        self.deleted.append(arn)

    def _wait_for_endpoints(self) -> None:
        """Wait until the deleted endpoints are gone: a model with one attached cannot be deleted."""
        waited, pause = 0.0, FIRST_PAUSE
        while waited < self.seconds and any(self._exists(arn) for arn in self.deleted):
            self.pause(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    def _exists(arn: str) -> bool:
        kind = endpoints.kind_of(arn)
        return kind is not None and endpoints.find(kind, arn) is not None
