"""Faults that a test orders and the service then shows.

Orders are consumed in the order given; an order without account and Region holds for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

EndpointStep = Literal["provisioned", "provisioned_update", "deployment", "deployment_update"]


@dataclass
class CallFault:
    """The next ``count`` calls of ``operation`` are answered with ``error``.

    ``after_effect``: the call takes effect first and its answer is lost. ``caller``: part of the caller's
    ARN. ``about``: text that the call's path, its body or the tags of a resource in its path must hold.
    ``name``: under which `FaultBook.struck` counts the calls that met it.
    """

    operation: str
    error: str
    message: str
    count: int = 1
    after_effect: bool = False
    account: str | None = None
    region: str | None = None
    caller: str = ""
    about: str = ""
    name: str = ""


@dataclass
class JobFault:
    """The next job (whose name starts with ``job``) fails at ``stage``, or stands still there for ever.

    ``begun``: it stands still once the stage is in progress, not before.
    """

    stage: str
    message: str = ""
    stall: bool = False
    begun: bool = False
    job: str = ""
    account: str | None = None


@dataclass
class EndpointFault:
    """The next endpoint at ``step`` (whose name starts with ``name``) fails, or never becomes ready."""

    step: EndpointStep
    message: str = "The model could not be hosted. Try again."
    stall: bool = False
    name: str = ""
    account: str | None = None


@dataclass
class ArtifactFault:
    """The next job's metrics files are missing, or lie where older samples of AWS have them."""

    layout: Literal["missing", "nested", "flat"]
    job: str = ""
    account: str | None = None


Order = TypeVar("Order", JobFault, EndpointFault, ArtifactFault)


class FaultBook:
    """Orders not yet consumed; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: list[CallFault] = []
        self.jobs: list[JobFault] = []
        self.endpoints: list[EndpointFault] = []
        self.artifacts: list[ArtifactFault] = []
        self.struck: dict[str, int] = {}
        """Name of a named order for calls -> how many calls met it."""

    def clear(self) -> None:
        """Forget every order."""
        with self._lock:
            self.calls.clear()
            self.jobs.clear()
            self.endpoints.clear()
            self.artifacts.clear()
            self.struck.clear()

    def take_call(
        self, operation: str, account: str, region: str, *, caller: str = "", text: str = ""
    ) -> CallFault | None:
        """Return the order for this call and count it; `text` is what the call is about."""
        with self._lock:
            for order in self.calls:
                if (
                    order.operation in (operation, "*")
                    and order.account in (None, account)
                    and order.region in (None, region)
                    and order.caller in caller
                    and order.about in text
                ):
                    self.struck[order.name] = self.struck.get(order.name, 0) + 1
                    order.count -= 1
                    if order.count <= 0:
                        self.calls.remove(order)
                    return order
        return None

    def take_job(self, stage: str, job: str, account: str) -> JobFault | None:
        """Return the order for `job` at `stage`."""
        return self._take(
            self.jobs, account, lambda order: order.stage == stage and job.startswith(order.job)
        )

    def take_endpoint(self, step: EndpointStep, name: str, account: str) -> EndpointFault | None:
        """Return the order for the endpoint `name` at `step`."""
        return self._take(
            self.endpoints, account, lambda order: order.step == step and name.startswith(order.name)
        )

    def take_artifacts(self, job: str, account: str) -> ArtifactFault | None:
        """Return the order for the metrics files of `job`."""
        return self._take(self.artifacts, account, lambda order: job.startswith(order.job))

    def _take(self, orders: list[Order], account: str, matches: Callable[[Order], bool]) -> Order | None:
        with self._lock:
            for order in orders:
                if order.account in (None, account) and matches(order):
                    orders.remove(order)
                    return order
        return None
