"""How a candidate comes to stand beside or in the place of the champion: blue/green or in place. Pure.

Blue/green serves the candidate from an endpoint of its own until the verdict: two endpoints for the hours of
the evaluation and of the watch. In place swaps the candidate's model into the champion's endpoint: one
endpoint, but users get the candidate while it is judged, and another swap takes it back.

A Provisioned Throughput takes another custom model of the same base model and keeps its units and its term
(https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-edit.html, read 2026-11-24). For on-demand
deployments no such rule is written (API_UpdateCustomModelDeployment, read 2026-11-24): the same one is kept.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from finetune_core.catalogue import plain_id

Way = Literal["blue_green", "in_place"]


class Rollout(msgspec.Struct, kw_only=True, frozen=True):
    """How this run's candidate is served for judgement, and why.

    ``endpoint`` is the champion's (ARN, empty without one) and ``model_arn`` the model that it goes back to;
    ``beside_units`` are the model units of the champion's Provisioned Throughput, 0 when it has none.
    """

    way: Way = "blue_green"
    reason: str = ""
    endpoint: str = ""
    model_arn: str = ""
    beside_units: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The champion's endpoint as ledger and Bedrock know it; ``serves`` is the ARN of the model in it."""

    run_id: str
    endpoint: str
    kind: str
    ready: bool
    ours: bool
    serves: str
    units: int
    model_arn: str
    model_active: bool
    base_model: str


def choose(
    wanted: Way,
    champion: Standing | None,
    *,
    serving: str,
    base_model: str,
    units: int,
    commitment: str | None,
) -> Rollout:
    """Return the way that can be gone; one that was wanted and cannot be is named with its reason."""
    beside = champion.units if champion and serving != "none" else 0
    if champion is None or not champion.endpoint:
        refusal = "no champion of this dataset has an endpoint"
        return Rollout(reason=_words(wanted, refusal))
    refusal = _obstacle(champion, serving=serving, base_model=base_model, units=units, commitment=commitment)
    way: Way = "in_place" if wanted == "in_place" and not refusal else "blue_green"
    return Rollout(
        way=way,
        reason=_words(wanted, refusal),
        endpoint=champion.endpoint,
        model_arn=champion.model_arn,
        beside_units=beside,
    )


def _words(wanted: Way, refusal: str) -> str:
    if wanted == "in_place" and refusal:
        return f"in_place cannot be done: {refusal}"
    return "the settings ask for it"


def _obstacle(  # noqa: PLR0911 - one line for each reason
    champion: Standing, *, serving: str, base_model: str, units: int, commitment: str | None
) -> str:
    if serving != champion.kind:
        return f"the champion is served by {champion.kind}, the candidate by {serving}"
    if plain_id(champion.base_model) != plain_id(base_model):
        return f"the champion comes from {champion.base_model}, the candidate from {base_model}"
    if not champion.ours:
        return "the champion's endpoint does not carry this pipeline's tag"
    if not champion.ready:
        return "the champion's endpoint is not ready"
    if champion.serves != champion.model_arn:
        return f"the champion's endpoint serves {champion.serves}, which is not the champion's model"
    if not champion.model_active:
        return "the champion's custom model is gone, so nothing could be swapped back"
    if commitment:
        return "a commitment is bought with a new endpoint"
    if serving == "provisioned_throughput" and champion.units != units:
        return f"the champion's endpoint has {champion.units} model unit(s), the settings ask for {units}"
    return ""
