"""Takes down what a run created and did not promote, found by its names and tags.

Names follow from the run id, so that a resource is found even when the answer of its create call was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, get_args

from msgspec import Struct, field

from finetune_aws import bedrock, endpoints, functions, parameters, swapping
from finetune_aws.ledger import Ledger, json_attribute
from finetune_core import rewards
from finetune_core.contracts import Plan
from finetune_core.errors import Conflict, NotFound, RequestInvalid
from finetune_core.judges import job_name
from finetune_core.runs import TAG_PIPELINE, TAG_RUN
from finetune_core.verdicts import Contestant

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 15.0
"""Seconds between looks at what Bedrock is still creating or stopping."""
_UNFINISHED: Final = ("InProgress", "Stopping")


def retire_reward(plan: Plan, environment: str) -> str:
    """Delete the run's own reward function and return its ARN, "" when there is none.

    Calls: lambda:GetFunction, lambda:ListTags, lambda:DeleteFunction.
    """
    # A run from before there were any, or one whose function the platform has deployed, has none.
    if plan.settings.customization_type != rewards.KIND or not plan.names.reward:
        return ""
    found = functions.find(plan.names.reward)
    if found is None or not _of_run(found.tags, environment, plan.run_id):
        return ""
    functions.delete(found.name)
    return found.arn


def _of_run(tags: dict[str, str], environment: str, run_id: str) -> bool:
    return (tags.get(TAG_PIPELINE), tags.get(TAG_RUN)) == (environment, run_id)


class Cleaner(Struct):
    """Cleans up after one run; waits ``seconds`` at most for what is in the middle of a change.

    ``keep_model`` keeps the custom model although the settings do not: what was held may be promoted later.
    ``told`` says what became of the champion's endpoint, ``swapping`` that it has not got its model back yet.
    """

    plan: Plan
    environment: str
    ledger: Ledger
    seconds: float
    keep_model: bool = False
    pause: Callable[[float], None] = time.sleep
    deleted: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    job_failure: str | None = None
    promoted: bool = False
    told: str = ""
    swapping: bool = False

    def clean(self) -> None:
        """Stop the jobs, delete the endpoint, then the model unless the settings keep it.

        Raises:
            Conflict: Bedrock still refuses a deletion when the time is up; trying again is safe.
        """
        self.promoted = self.plan.action == "run" and self._promoted()
        if self.plan.action != "run":
            return
        if not self.promoted:
            self._stop_job()
            self._stop_judges()
        # No job asks it any more.
        if arn := retire_reward(self.plan, self.environment):
            self.deleted.append(arn)
        if self.promoted:
            return
        self._swap_back()
        for found in self._endpoints():
            self._restore_pointer(found.arn)
            if found.committed:
                self._keep_committed(found)
            else:
                self._delete_endpoint(found)
        self._delete_model()

    def _endpoints(self) -> Iterator[endpoints.Served]:
        names = self.plan.names
        looked: list[tuple[endpoints.Kind, str]] = [
            ("provisioned_throughput", names.endpoint),
            ("on_demand", names.endpoint),
            ("provisioned_throughput", names.commitment),
        ]
        for kind, name in looked:
            found = endpoints.find(kind, name) if name else None
            if found and self._ours(found.arn):
                yield found

    def _keep_committed(self, found: endpoints.Served) -> None:
        """Keep what Bedrock would not delete, with the model in it, and tell people what it is."""
        self.kept.append(found.arn)
        self.keep_model = True
        until = f" until {found.committed_until:%Y-%m-%d}" if found.committed_until else ""
        self.told = (
            f"Provisioned Throughput {found.arn} is under its commitment{until} and stays: "
            "it serves this run's model, and can be given another of the same base model."
        )

    def _promoted(self) -> bool:
        """Whether this run's promotion is complete in the ledger: then all of it is in use and stays."""
        champion = self.ledger.champion(self.plan.dataset)
        if champion is None or champion.get("run_id") != self.plan.run_id:
            return False
        self.kept += [arn for arn in (champion.get("endpoint_arn"), champion.get("model_arn")) if arn]
        return True

    def _stop_job(self) -> None:
        """Stop the job and wait until it has ended: one that completes meanwhile leaves a model behind."""
        job = bedrock.customization_job(self.plan.names.job)
        if job is None:
            return
        self.job_failure = job.get("failureMessage")
        if job.get("status") == "InProgress":
            # By ARN, as all that is deleted: the tag that the permission asks for stands on the ARN.
            bedrock.stop_job(job["jobArn"])
            self.deleted.append(job["jobArn"])
        if job.get("status") in _UNFINISHED:
            self._wait_until(self._job_ended)

    def _stop_judges(self) -> None:
        """Stop the run's evaluation jobs: what a judge still reads costs, and nobody waits for it."""
        if self.plan.settings.gate.judge is None:
            return
        for arn in bedrock.evaluation_jobs(
            [job_name(self.plan.run_id, name) for name in get_args(Contestant)]
        ):
            bedrock.stop_evaluation_job(arn)
            self.deleted.append(arn)

    def _job_ended(self) -> bool:
        job = bedrock.customization_job(self.plan.names.job)
        return job is None or job.get("status") not in _UNFINISHED

    def _swap_back(self) -> None:
        """Give the champion's endpoint its model back, if this run's is in it or on its way there.

        The run's rollout is in the ledger before anything is swapped, so that a lost answer loses nothing.

        Raises:
            Conflict: the swap is not over when the time is up; trying again goes on with it.
        """
        found = json_attribute(self.ledger.run(self.plan.run_id), "preflight") or {}
        way = found.get("rollout") or {}
        arn, before = str(way.get("endpoint") or ""), str(way.get("model_arn") or "")
        candidate = bedrock.custom_model(self.plan.names.model)
        if way.get("way") != "in_place" or candidate is None or not self._holds(arn, candidate["modelArn"]):
            return
        self.swapping = True
        try:
            over = self._wait_until(lambda: swapping.step(arn, before).state != "going")
        except (Conflict, RequestInvalid, NotFound) as error:
            self._stays_swapped(arn, before, str(error))
            return
        if not over:
            raise Conflict(
                "the champion's endpoint is still being given its model back",
                where=arn,
                remedy="It is tried again; it must not be deleted.",
            )
        self.swapping = False
        last = swapping.step(arn, before)
        if last.state == "failed":
            self._stays_swapped(arn, before, last.failure)
            return
        self.kept.append(arn)
        self.told = f"The champion's endpoint {arn} serves {before} again."

    @staticmethod
    def _holds(arn: str, candidate: str) -> bool:
        kind = endpoints.kind_of(arn)
        found = endpoints.find(kind, arn) if kind else None
        return found is not None and candidate in (found.model_arn, found.desired_model)

    def _stays_swapped(self, arn: str, before: str, why: str) -> None:
        """Tell people: nothing else can be done that does not take the champion's endpoint away."""
        self.kept.append(arn)
        self.keep_model, self.swapping = True, False
        self.told = (
            f"The champion's endpoint {arn} could NOT be given its model {before} back: {why} "
            "What to do: swap it by hand (UpdateProvisionedModelThroughput, UpdateCustomModelDeployment), or "
            'drop the data again with "rollout": "blue_green" for a new endpoint.'
        )

    def _ours(self, arn: str) -> bool:
        ours = _of_run(bedrock.resource_tags(arn), self.environment, self.plan.run_id)
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
        """Delete an endpoint, waiting while Bedrock refuses because it is being created or updated."""
        if not self._wait_until(lambda: self._deleted(found.kind, found.arn)):
            raise Conflict(
                f"endpoint {found.name} is in the middle of a change and cannot be deleted yet",
                where=found.arn,
                remedy="It is tried again; the guardian deletes it at the latest.",
            )
        self.deleted.append(found.arn)

    @staticmethod
    def _deleted(kind: endpoints.Kind, arn: str) -> bool:
        """Try to delete; False when it was refused in the middle of a change, other refusals are raised."""
        current = endpoints.find(kind, arn)
        if current is None:
            return True
        try:
            endpoints.delete(current)
        except (Conflict, RequestInvalid):
            now = endpoints.find(kind, arn)
            if now is not None and not now.busy and now.status == current.status:
                raise
            return now is None
        return True

    def _delete_model(self) -> None:
        model = bedrock.custom_model(self.plan.names.model)
        if model is None:
            return
        arn = model["modelArn"]
        if self.keep_model or self.plan.settings.keep_model or not self._ours(arn):
            if arn not in self.kept:
                self.kept.append(arn)
            return
        # A model with an endpoint attached cannot be deleted.
        self._wait_until(self._endpoints_gone)
        bedrock.delete_custom_model(arn)
        self.deleted.append(arn)

    def _wait_until(self, done: Callable[[], bool]) -> bool:
        """Ask in growing pauses until it is done (True) or the time of all waits together is up (False)."""
        pause = FIRST_PAUSE
        while not done():
            if self.seconds <= 0:
                return False
            self.pause(pause)
            self.seconds -= pause
            pause = min(pause * 2, LONGEST_PAUSE)
        return True

    def _endpoints_gone(self) -> bool:
        return not any(endpoints.find(kind, arn) for arn in self.deleted if (kind := endpoints.kind_of(arn)))
