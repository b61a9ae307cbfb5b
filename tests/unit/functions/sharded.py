"""Runs the functions of a large dataset one after the other, as the state machine does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.functions.aws import FakeAws

Call = Callable[..., dict[str, Any]]


def run(
    aws: FakeAws, call: Call, plan: dict[str, Any], preflight: dict[str, Any], size: int
) -> dict[str, Any]:
    """Give the answer of the last function; `size` is the most bytes of a shard."""
    event = {"plan": plan, "preflight": preflight, "shard_bytes": size}
    sharding = call("plan_shards", event)
    _each(aws, call, "validate_shard", sharding)
    order = call("merge_shards", {"plan": plan, "sharding": sharding})
    _each(aws, call, "prepare_shard", order)
    return call("join_parts", {"plan": plan, "order": order})


def _each(aws: FakeAws, call: Call, function: str, listed: dict[str, Any]) -> None:
    items = json.loads(aws.s3.text(listed["items"]["bucket"], listed["items"]["key"]))
    assert len(items) == listed["shards"]
    for item in reversed(items):  # in whatever order the children come to it
        assert call(function, item) == {"number": item["range"]["number"]}
