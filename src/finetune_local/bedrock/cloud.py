"""What all operations share: clock, roles, ports to the emulator, quotas, faults, timings, weights."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from finetune_local.bedrock.faults import FaultBook
from finetune_local.bedrock.foundation_models import FoundationModel
from finetune_local.bedrock.quotas import QuotaBook
from finetune_local.bedrock.resources import RegionState
from finetune_local.bedrock.weights import Model, Weights
from finetune_local.embedding_model import EmbeddingModel


class Clock(Protocol):
    """The part of ``finetune_local.clock.Clock`` that is used here; all durations are simulated seconds."""

    def now(self) -> datetime:
        """Return the simulated time of day (aware)."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Block until `event` is set (True) or the time has passed (False)."""


class Session(Protocol):
    """A boto3-like session with the credentials of a role."""

    def client(self, service_name: str, **options: Any) -> Any:  # noqa: ANN401 - the type follows from the name
        """Return a client; options as for boto3."""


ServiceRoleSession = Callable[[str, str, str, str], Session]
"""(role ARN, source ARN, account, Region) -> session; raises when the role's trust refuses Bedrock."""
PutEvent = Callable[[str, str, str, str, dict[str, Any]], None]
"""(account, Region, source, detail type, detail)."""
PutMetric = Callable[[str, str, str, str, dict[str, str], float, datetime], None]
"""(account, Region, namespace, name, dimensions, value, time)."""


@dataclass
class Timings:
    """How long the service takes, in simulated seconds.

    Defaults: data validation about 3 minutes and a deployment about 8 (seen by users in July and August
    2026), evaluation jobs 5 to 15 for 30 to 50 answers (seen by users, read 2026-11-28); the rest is chosen.
    """

    validation: float = 180
    data_processing: float = 120
    training_start: float = 300
    training_step: float = 2
    provisioned: float = 600
    provisioned_update: float = 600
    deployment: float = 480
    deployment_update: float = 480
    judging_start: float = 120
    judging_answer: float = 10


@dataclass
class Cloud:
    """The shared part of one BedrockService."""

    clock: Clock
    service_role_session: ServiceRoleSession
    put_event: PutEvent
    put_metric: PutMetric
    weights: Weights[Model]
    embeddings: Weights[EmbeddingModel]
    quotas: QuotaBook = field(default_factory=QuotaBook)
    faults: FaultBook = field(default_factory=FaultBook)
    timings: Timings = field(default_factory=Timings)
    life_cycles: dict[str, str] = field(default_factory=dict)
    """Customization id -> ACTIVE or LEGACY, where an admin command overrides the table."""
    closing: threading.Event = field(default_factory=threading.Event)

    def weights_of(self, model: FoundationModel) -> Weights[Any]:
        """Return where models that descend from `model` are kept."""
        kept: Weights[Any] = self.embeddings if model.embeds else self.weights
        return kept

    def is_legacy(self, model: FoundationModel) -> bool:
        """Return whether `model` is in the Legacy state now."""
        return self.life_cycles.get(model.model_id, "LEGACY" if model.legacy else "ACTIVE") == "LEGACY"


@dataclass(frozen=True)
class Context:
    """One call: the shared part and the caller's account and Region."""

    cloud: Cloud
    state: RegionState

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.state.account

    @property
    def region(self) -> str:
        """The Region called."""
        return self.state.region

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return self.cloud.clock.now()

    def quota(self, code: str) -> int:
        """Return the quota's value in force."""
        return self.cloud.quotas.value(code, self.account, self.region)
