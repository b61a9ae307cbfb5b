"""Takes down the endpoints and custom models of one dataset or run, after listing them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from finetune_aws import bedrock, endpoints, parameters
from finetune_aws.ledger import Ledger, json_attribute
from finetune_core.errors import Conflict, RequestInvalid
from finetune_core.prices_data import STORAGE_MONTH
from finetune_core.runs import TAG_DATASET, TAG_PIPELINE, TAG_RUN

PAUSE: Final = 5.0
LONGEST_WAIT: Final = 300.0
"""Seconds: a model can be deleted once its endpoint is gone."""


class Asset(Struct, frozen=True, kw_only=True):
    """One endpoint or custom model. ``kept`` says why it stays, "" when it goes; costs in US dollars."""

    what: str
    arn: str
    dataset: str
    run_id: str
    per_month: float
    kept: str = ""


def look(name: str, environment: str, ledger: Ledger, *, champion_too: bool) -> list[Asset]:
    """Return what carries the tag of dataset or run ``name`` in this environment, endpoints first."""
    found = [*_endpoints(name, environment, ledger), *_models(name, environment)]
    return [_guarded(asset, ledger, champion_too=champion_too) for asset in found]


def _endpoints(name: str, environment: str, ledger: Ledger) -> Iterator[Asset]:
    for served in endpoints.listed():
        tags = bedrock.resource_tags(served.arn)
        if not _named(tags, name, environment):
            continue
        run = ledger.run(tags.get(TAG_RUN, ""))
        hourly = float((json_attribute(run, "price") or {}).get("hourly") or 0.0)
        committed = "under a commitment that Bedrock does not end early" if served.committed else ""
        busy = "in the middle of a change: try again" if served.busy else ""
        yield Asset(
            what=served.kind,
            arn=served.arn,
            dataset=tags.get(TAG_DATASET, ""),
            run_id=tags.get(TAG_RUN, ""),
            per_month=hourly * 730 if served.kind == "provisioned_throughput" else 0.0,
            kept=committed or busy,
        )


def _models(name: str, environment: str) -> Iterator[Asset]:
    for arn in bedrock.own_models():
        tags = bedrock.resource_tags(arn)
        if _named(tags, name, environment):
            yield Asset(
                what="custom_model",
                arn=arn,
                dataset=tags.get(TAG_DATASET, ""),
                run_id=tags.get(TAG_RUN, ""),
                per_month=STORAGE_MONTH.dollars,
            )


def _named(tags: dict[str, str], name: str, environment: str) -> bool:
    return tags.get(TAG_PIPELINE) == environment and name in (tags.get(TAG_DATASET), tags.get(TAG_RUN))


def _guarded(asset: Asset, ledger: Ledger, *, champion_too: bool) -> Asset:
    """Keep what the champion uses, and what a run at work uses."""
    champion = ledger.champion(asset.dataset) or {}
    used = (champion.get("pointer"), champion.get("endpoint_arn"), champion.get("model_arn"))
    reason = asset.kept
    if not reason and asset.arn in used and not champion_too:
        reason = "the champion's"
    if not reason and (ledger.run(asset.run_id) or {}).get("status") == "RUNNING":
        reason = "its run is at work"
    return replace(asset, kept=reason)


def carry_out(
    assets: list[Asset], environment: str, ledger: Ledger, *, pause: Callable[[float], None] = time.sleep
) -> list[str]:
    """Delete what is not kept and return its ARNs; a pointer to a deleted endpoint is deleted first.

    Raises:
        Conflict: a custom model is still in use when the time is up; asking again goes on.
    """
    deleted = []
    for asset in (each for each in assets if not each.kept):
        kind = endpoints.kind_of(asset.arn)
        if kind is None:
            _delete_model(asset.arn, pause)
        else:
            _forget(asset, environment, ledger)
            found = endpoints.find(kind, asset.arn)
            if found is not None:
                endpoints.delete(found)
        deleted.append(asset.arn)
    return deleted


def _forget(asset: Asset, environment: str, ledger: Ledger) -> None:
    """Take the pointer away from an endpoint that goes; the champion's item then names no endpoint."""
    name = parameters.pointer_name(environment, asset.dataset)
    if parameters.read_parameter(name) == asset.arn:
        parameters.delete_parameter(name)
    champion = ledger.champion(asset.dataset) or {}
    if asset.arn in (champion.get("pointer"), champion.get("endpoint_arn")):
        gone = {"pointer": "", "endpoint_arn": "", "endpoint_kind": "none", "watch": None}
        ledger.put_champion(asset.dataset, champion | gone, replaces=str(champion["run_id"]))


def _delete_model(arn: str, pause: Callable[[float], None]) -> None:
    waited = 0.0
    while True:
        try:
            bedrock.delete_custom_model(arn)
        except (Conflict, RequestInvalid):
            if waited >= LONGEST_WAIT:
                raise
            pause(PAUSE)
            waited += PAUSE
            continue
        return
