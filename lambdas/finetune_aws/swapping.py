"""Swaps a model into an endpoint that goes on answering, one look at a time; asking again is safe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from finetune_aws import endpoints
from finetune_core.errors import Conflict, NotFound, RequestInvalid

PAUSE: Final = 15.0
"""Seconds between looks at an endpoint that is being updated."""


class Swap(Struct, frozen=True):
    """Where a swap is; ``status`` and ``failure`` are the service's words about the endpoint."""

    state: Literal["done", "going", "failed"]
    status: str
    failure: str = ""


def step(arn: str, model_arn: str) -> Swap:
    """Look at an endpoint, and ask for ``model_arn`` unless it serves it or is on its way there.

    A swap to this model that failed is reported and not tried again.

    Raises:
        NotFound: the endpoint is gone.
        Conflict, RequestInvalid: Bedrock refuses the swap, and not because one is running.
    """
    found = _found(arn)
    if found.busy:
        return Swap("going", found.status)
    if found.ready and found.model_arn == model_arn:
        return Swap("done", found.status)
    if found.failed_swap and found.desired_model == model_arn:
        return Swap("failed", found.status, found.failure or "the service gave no reason")
    try:
        endpoints.swap(found, model_arn)
    except (Conflict, RequestInvalid):
        # A lost answer, or a look that was behind: the swap may run already.
        now = _found(arn)
        if not now.busy and now.model_arn != model_arn:
            raise
    return Swap("going", "Updating")


def swap(arn: str, model_arn: str, *, seconds: float, pause: Callable[[float], None] = time.sleep) -> Swap:
    """Swap and wait ``seconds`` at most; "going" when it is not over by then."""
    waited = 0.0
    while (seen := step(arn, model_arn)).state == "going" and waited < seconds:
        pause(PAUSE)
        waited += PAUSE
    return seen


def _found(arn: str) -> endpoints.Served:
    kind = endpoints.kind_of(arn)
    found = endpoints.find(kind, arn) if kind else None
    if found is None:
        raise NotFound("the endpoint does not exist any more", where=arn, remedy="Look at what deleted it.")
    return found
