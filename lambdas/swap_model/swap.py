"""The candidate's way into the champion's endpoint."""

from __future__ import annotations

from finetune_aws import endpoints, swapping
from finetune_core.contracts import Endpoint
from finetune_core.errors import ServingFailed
from finetune_core.rollouts import Rollout


def swapped(rollout: Rollout, model_arn: str) -> Endpoint:
    """Return the champion's endpoint with ``model_arn`` in it, or on its way there ("Updating").

    Raises:
        ServingFailed: the endpoint is gone, or serves neither the champion's nor this run's model.
    """
    kind = endpoints.kind_of(rollout.endpoint)
    found = endpoints.find(kind, rollout.endpoint) if kind else None
    if kind is None or found is None:
        raise ServingFailed(
            "the champion's endpoint, into which the candidate was to be swapped, is gone",
            where=rollout.endpoint,
            remedy='Drop the data again, or set "rollout" to "blue_green".',
        )
    if found.model_arn not in (rollout.model_arn, model_arn):
        raise ServingFailed(
            f"the champion's endpoint serves {found.model_arn} by now, and not {rollout.model_arn}",
            where=rollout.endpoint,
            remedy="Somebody has changed it since this run was planned: drop the data again.",
        )
    now = swapping.step(rollout.endpoint, model_arn)
    status = {"done": now.status, "going": "Updating", "failed": "Failed"}[now.state]
    return Endpoint(kind=kind, arn=rollout.endpoint, status=status, failure=now.failure)
