"""Back to the champion before: its endpoint (made again if it is gone), the pointer, the ledger, the notice.

First ``look`` says what would happen, then ``carry_out`` does it. The order keeps applications answered
whatever fails between: the old endpoint answers before the pointer moves, and the endpoint of the champion
that is taken back goes last.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from finetune_aws import bedrock, endpoints, parameters, runtime, swapping
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_core.errors import Conflict, NotFound, RequestInvalid, ServingFailed
from finetune_core.runs import TAG_PIPELINE, names, tags
from finetune_core.watching import read_previous

PAUSE: Final = 15.0
"""Seconds between looks at an endpoint that is being created."""
LONGEST_WAIT: Final = 7200.0
_GREETING: Final = "Say hello."


class Way(Struct, frozen=True, kw_only=True):
    """What a rollback does: ``endpoint`` is empty when it has to be made again; ``hourly`` is its price.

    With ``swaps`` the endpoint is the one in use: it is given its model from before back.
    """

    dataset: str
    leaves: str
    returns_to: str
    model_arn: str
    kind: endpoints.Kind
    endpoint: str
    removes: tuple[str, ...]
    parameter: str
    hourly: float
    units: int
    time_to_live_hours: float
    swaps: bool = False


class Request(Struct, frozen=True):
    """Who wants the rollback and why; both go into the ledger and the pointer's history."""

    by: str
    reason: str


def look(dataset: str, environment: str, ledger: Ledger) -> Way:
    """Return what going back would do; nothing is changed.

    Raises:
        NotFound: there is no champion, none before it, or nothing left to go back to.
    """
    champion = ledger.champion(dataset)
    previous = read_previous(champion) if champion else None
    if champion is None or previous is None:
        what = "has no champion before the present one" if champion else "has no champion"
        raise NotFound(
            f"dataset {dataset} {what}",
            where=f"ledger of environment {environment}",
            remedy="See what has run: `finetune runs`.",
        )
    run = ledger.run(str(previous["run_id"]))
    kind, arn, swaps = _endpoint(champion, previous)
    settings = (json_attribute(run, "plan") or {}).get("settings") or {}
    return Way(
        dataset=dataset,
        leaves=str(champion["run_id"]),
        returns_to=str(previous["run_id"]),
        model_arn=str(previous["model_arn"]),
        kind=kind,
        endpoint=arn,
        removes=_removed(champion, arn, environment),
        parameter=parameters.pointer_name(environment, dataset),
        hourly=float((json_attribute(run, "price") or {}).get("hourly") or 0.0),
        units=int(settings.get("model_units") or 1),
        time_to_live_hours=float(settings.get("time_to_live_hours") or 24.0),
        swaps=swaps,
    )


def _endpoint(champion: Item, previous: Item) -> tuple[endpoints.Kind, str, bool]:
    """Return the kind of endpoint to go back to, its ARN while it is there, and whether it has to be swapped.

    Raises:
        NotFound: it was never served, or neither endpoint nor model exist.
        Conflict: a run is judging its candidate in that endpoint.
    """
    pointer, model = str(previous.get("pointer") or ""), str(previous["model_arn"])
    kind = endpoints.kind_of(pointer)
    if kind is None:
        raise NotFound(
            f"the champion before (run {previous['run_id']}) was never served",
            where=model,
            remedy="Drop its data again with a serving.",
        )
    found = endpoints.find(kind, pointer)
    if found is not None and found.ready and found.model_arn == model:
        return kind, pointer, False
    if bedrock.custom_model(model) is None:
        raise NotFound(
            f"neither endpoint nor custom model of the champion before (run {previous['run_id']}) exist",
            where=model,
            remedy="Drop its data again: the versions are still in the data bucket.",
        )
    if found is None or found.status == "Failed" or pointer != champion.get("endpoint_arn"):
        return kind, "", False
    if model not in (found.model_arn, found.desired_model) and found.model_arn != champion.get("model_arn"):
        raise Conflict(
            f"the endpoint serves {found.model_arn} now: a run is judging its candidate in it",
            where=pointer,
            remedy="Wait for that run, or stop its execution; then go back.",
        )
    return kind, pointer, True


def _removed(champion: Item, kept: str, environment: str) -> tuple[str, ...]:
    arn = str(champion.get("endpoint_arn") or "")
    kind = endpoints.kind_of(arn)
    found = endpoints.find(kind, arn) if kind and arn != kept else None
    ours = found is not None and bedrock.resource_tags(arn).get(TAG_PIPELINE) == environment
    return (arn,) if found is not None and ours and not found.committed else ()


def carry_out(
    way: Way,
    request: Request,
    environment: str,
    ledger: Ledger,
    now: datetime,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Way:
    """Go back, and return the way with the endpoint that answers now.

    Raises:
        ServingFailed: the old endpoint could not be made again or does not answer; nothing was changed.
        Conflict: another run was promoted meanwhile; the pointer is left to it.
    """
    if not way.endpoint:
        way = replace(way, endpoint=_serve(way, environment, now, pause))
    elif way.swaps:
        _swap(way, environment, now, pause)
    _answers(way.endpoint)
    champion = ledger.champion(way.dataset) or {}
    if champion.get("run_id") != way.leaves:
        raise Conflict(
            f"run {champion.get('run_id')} became champion of {way.dataset} meanwhile",
            where=way.parameter,
            remedy="Look again, then decide.",
        )
    before = parameters.read_parameter(way.parameter)
    parameters.write_parameter(
        way.parameter, way.endpoint, f"Rolled back from run {way.leaves} by {request.by}: {request.reason}"
    )
    if not ledger.put_champion(way.dataset, _restored(champion, way, request, now), replaces=way.leaves):
        if before:
            parameters.write_parameter(way.parameter, before, "Left to a promotion that came between")
        raise Conflict("a promotion came between", where=way.parameter, remedy="Look again, then decide.")
    _write_down(way, request, ledger, now)
    for arn in way.removes:
        _remove(arn)
    return way


def _serve(way: Way, environment: str, now: datetime, pause: Callable[[float], None]) -> str:
    """Create the endpoint again under its run's name and wait until it is ready."""
    name = names(environment, way.returns_to).endpoint
    found = endpoints.find(way.kind, name)
    if found is None:
        expires = (now + timedelta(hours=way.time_to_live_hours)).isoformat(timespec="seconds")
        marks = tags(environment, way.returns_to, way.dataset, expires)
        token = f"rollback-{way.returns_to}-{int(now.timestamp())}"
        if way.kind == "provisioned_throughput":
            endpoints.provision(name, way.model_arn, way.units, token, marks)
        else:
            endpoints.deploy(name, way.model_arn, token, marks)
    waited = 0.0
    while waited < LONGEST_WAIT:
        found = endpoints.find(way.kind, name)
        if found is not None and found.ready:
            return found.arn
        if found is not None and found.status == "Failed":
            endpoints.delete(found)
            break
        pause(PAUSE)
        waited += PAUSE
    why = found.failure or found.status if found else "it does not appear"
    raise ServingFailed(
        f"the endpoint of run {way.returns_to} could not be made again: {why}",
        where=name,
        remedy="Nothing was changed; look at quota and capacity, then try again.",
    )


def swap_back(way: Way, seconds: float, pause: Callable[[float], None] = time.sleep) -> bool:
    """Give the endpoint in use its model from before; False when that is not over in time.

    Raises:
        ServingFailed: Bedrock could not do it.
    """
    seen = swapping.swap(way.endpoint, way.model_arn, seconds=seconds, pause=pause)
    if seen.state == "failed":
        raise ServingFailed(
            f"the model of run {way.returns_to} could not be swapped back: {seen.failure}",
            where=way.endpoint,
            remedy="Nothing was changed; look at the endpoint, then try again.",
        )
    return seen.state == "done"


def _swap(way: Way, environment: str, now: datetime, pause: Callable[[float], None]) -> None:
    if not swap_back(way, LONGEST_WAIT, pause):
        raise ServingFailed(
            f"the endpoint was still being updated after {LONGEST_WAIT:g} seconds",
            where=way.endpoint,
            remedy="Try again: it goes on with it.",
        )
    expires = (now + timedelta(hours=way.time_to_live_hours)).isoformat(timespec="seconds")
    bedrock.tag_resource(way.endpoint, tags(environment, way.returns_to, way.dataset, expires))


def _answers(arn: str) -> None:
    """Make sure that the endpoint answers; an embedding model that refuses a chat answers as well."""
    request: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": _GREETING}]}]}
    try:
        runtime.converse(arn, request, max_tokens=16)
    except RequestInvalid:
        runtime.embed(arn, text=_GREETING)


def _restored(champion: Item, way: Way, request: Request, now: datetime) -> Item:
    """Return the champion's item after the rollback: the one before, and what it was taken back from."""
    previous = read_previous(champion) or {}
    stamp = now.isoformat(timespec="seconds")
    older = previous.get("previous")
    left = {"run_id": way.leaves, "model_arn": champion.get("model_arn"), "at": stamp, "by": request.by}
    return {
        **{name: previous.get(name) for name in ("run_id", "model_arn", "base_model")},
        "kind": "champion",
        "dataset": way.dataset,
        "endpoint_arn": way.endpoint,
        "endpoint_kind": way.kind,
        "pointer": way.endpoint,
        "started_at": stamp,
        "promoted_at": stamp,
        "previous": json.dumps(older) if older else None,
        "rolled_back": json.dumps(left | {"reason": request.reason}),
    }


def _write_down(way: Way, request: Request, ledger: Ledger, now: datetime) -> None:
    stamp = now.isoformat(timespec="seconds")
    told = {"rolled_back_at": stamp, "rolled_back_by": request.by, "rolled_back_reason": request.reason}
    ledger.update_run(way.leaves, told)
    if ledger.run(way.returns_to) is not None:
        ledger.update_run(way.returns_to, {"endpoint_arn": way.endpoint, "endpoint_kind": way.kind})


def _remove(arn: str) -> None:
    """Delete the endpoint that was taken back; what refuses now is the guardian's."""
    kind = endpoints.kind_of(arn)
    found = endpoints.find(kind, arn) if kind else None
    if found is not None:
        try:
            endpoints.delete(found)
        except (Conflict, RequestInvalid):
            return
