"""What one account holds in one Region. Times are simulated, aware and in UTC."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from finetune_local.bedrock.foundation_models import REINFORCEMENT, FoundationModel

if TYPE_CHECKING:
    from finetune_local.bedrock.evaluation_jobs import EvaluationJob

JOB_STAGES: Final = ("validation", "data_processing", "training")
_ID_ALPHABET: Final = string.ascii_lowercase + string.digits


def new_id() -> str:
    """Return the 12 characters at the end of Bedrock's ARNs."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


@dataclass
class Stage:
    """One entry of a job's statusDetails."""

    status: str = "NotStarted"
    created_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass
class Job:
    """A customization job; ``request`` is the create call's, ``hyperparameters`` completed by defaults."""

    arn: str
    base: FoundationModel
    parent_arn: str | None
    request: dict[str, Any]
    customization_type: str
    hyperparameters: dict[str, str]
    kms_key_arn: str | None
    created_at: datetime
    changed_at: datetime
    model_arn: str
    status: str = "InProgress"
    stages: dict[str, Stage] = field(default_factory=lambda: {name: Stage() for name in JOB_STAGES})
    ended_at: datetime | None = None
    failure: str | None = None
    training_loss: float | None = None
    validation_loss: float | None = None
    billed_tokens: int = 0
    step: int = 0
    steps: int = 0
    reading: float | None = None
    """Training loss (or mean reward) of ``step``, of ``steps`` in all: what is told while a job trains."""
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def id(self) -> str:
        """The 12 characters at the end of the ARN."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.request["jobName"])

    @property
    def billed_hours(self) -> float:
        """Hours from creation to the end of a reinforcement, which is paid by them; else, and before, 0.

        The usage type counts training hours; that the whole workflow counts is how its name has been read.
        """
        if self.customization_type != REINFORCEMENT or self.ended_at is None:
            return 0.0
        return (self.ended_at - self.created_at).total_seconds() / 3600

    @property
    def running(self) -> bool:
        """Whether the job still counts as scheduled."""
        return self.status in ("InProgress", "Stopping")


@dataclass
class CustomModel:
    """A trained model."""

    arn: str
    name: str
    job: Job
    created_at: datetime

    @property
    def base(self) -> FoundationModel:
        """The foundation model it descends from."""
        return self.job.base


@dataclass
class Endpoint:
    """What Provisioned Throughput and deployments share: a model behind an ARN that becomes ready in time.

    ``ready_at`` is set while a creation or update runs (None: nothing runs); ``doom`` is the failure that an
    ordered fault has in store for it.
    """

    arn: str
    name: str
    base: FoundationModel
    model_arn: str
    created_at: datetime
    changed_at: datetime
    ready_at: datetime | None
    status: str = "Creating"
    doom: str | None = None
    failure: str | None = None


@dataclass
class ProvisionedModel(Endpoint):
    """Provisioned Throughput; ``model_arn`` answers while ``desired_model_arn`` is being swapped in."""

    units: int = 1
    commitment: str | None = None
    commitment_ends: datetime | None = None
    desired_model_arn: str = ""
    custom: bool = True

    def settle(self, now: datetime) -> None:
        """Finish the running creation or swap if its time has come."""
        if self.ready_at is None or now < self.ready_at:
            return
        self.changed_at, self.ready_at = self.ready_at, None
        if self.doom is None:
            self.status, self.model_arn = "InService", self.desired_model_arn
        else:
            self.status, self.failure = "Failed", self.doom


@dataclass
class Deployment(Endpoint):
    """An on-demand deployment; ``update`` is (model ARN, update status) of the last update."""

    description: str | None = None
    update: tuple[str, str] | None = None

    def settle(self, now: datetime) -> None:
        """Finish the running creation or update if its time has come."""
        if self.ready_at is None or now < self.ready_at:
            return
        self.changed_at, self.ready_at = self.ready_at, None
        if self.update is None:
            self.status, self.failure = ("Failed", self.doom) if self.doom else ("Active", None)
        elif self.doom is None:
            self.model_arn, self.update = self.update[0], (self.update[0], "UpdateCompleted")
        else:
            self.update = (self.update[0], "UpdateFailed")
        self.doom = None


@dataclass
class RegionState:
    """Everything of one account in one Region; hold ``lock`` to read or change it."""

    account: str
    region: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    jobs: dict[str, Job] = field(default_factory=dict)
    models: dict[str, CustomModel] = field(default_factory=dict)
    provisioned: dict[str, ProvisionedModel] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    evaluations: dict[str, EvaluationJob] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(operation, clientRequestToken) -> (digest of the request, ARN made)."""
    reserved_names: set[str] = field(default_factory=set)
    """Job and model names of create calls that are being checked at this moment."""

    def arn(self, kind: str, tail: str | None = None) -> str:
        """Return a new ARN ``arn:aws:bedrock:REGION:ACCOUNT:kind/tail`` (tail: a fresh id)."""
        return f"arn:aws:bedrock:{self.region}:{self.account}:{kind}/{tail or new_id()}"

    def settle(self, now: datetime) -> None:
        """Bring endpoints up to `now`."""
        endpoints: Iterable[ProvisionedModel | Deployment] = (
            *self.provisioned.values(),
            *self.deployments.values(),
        )
        for endpoint in endpoints:
            endpoint.settle(now)
