"""The ledger: one DynamoDB table that holds runs, champions and the guardian's actions.

Keys are strings ``pk`` and ``sk``; the index ``runs-by-time`` has ``kind`` and ``started_at``.
JSON-text attributes of a run are written by the state machine itself; functions write what is below.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
"""An item as plain Python values."""


class Ledger(Struct, frozen=True):
    """The table named ``table``."""

    table: str

    def run(self, run_id: str) -> Item | None:
        """Return a run's item, or None. Calls: dynamodb:GetItem."""
        return self.item(f"run#{run_id}", "run")

    def champion(self, dataset: str) -> Item | None:
        """Return a dataset's champion, or None. Calls: dynamodb:GetItem."""
        return self.item(f"champion#{dataset}", "champion")

    def update_run(self, run_id: str, values: Item, *, while_running: bool = False) -> bool:
        """Set attributes of a run; with ``while_running`` only if its status is still RUNNING.

        Returns False when the condition did not hold. Calls: dynamodb:UpdateItem.
        """
        names = {f"#n{index}": name for index, name in enumerate(values)}
        bound = {f":v{index}": _marshal(value) for index, value in enumerate(values.values())}
        request: Item = {
            "TableName": self.table,
            "Key": _key(f"run#{run_id}", "run"),
            "UpdateExpression": "SET " + ", ".join(f"{n} = :v{n[2:]}" for n in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": bound,
        }
        if while_running:
            request["ConditionExpression"] = "#status = :running"
            names["#status"] = "status"
            bound[":running"] = {"S": "RUNNING"}
        try:
            with translated("dynamodb:UpdateItem", f"run#{run_id}"):
                _dynamodb().update_item(**request)
        except Conflict:
            return False
        return True

    def put(self, pk: str, sk: str, values: Item) -> None:
        """Write a whole item. Calls: dynamodb:PutItem."""
        item = _key(pk, sk) | {name: _marshal(value) for name, value in values.items() if value is not None}
        with translated("dynamodb:PutItem", pk):
            _dynamodb().put_item(TableName=self.table, Item=item)

    def put_champion(self, dataset: str, values: Item, *, replaces: str) -> bool:
        """Write a dataset's champion if it is still run ``replaces``; False when it is another by now.

        Calls: dynamodb:PutItem.
        """
        item = {name: _marshal(value) for name, value in values.items() if value is not None}
        key = _key(f"champion#{dataset}", "champion")
        try:
            with translated("dynamodb:PutItem", f"champion#{dataset}"):
                _dynamodb().put_item(
                    TableName=self.table,
                    Item=key | item,
                    ConditionExpression="run_id = :replaced",
                    ExpressionAttributeValues={":replaced": {"S": replaces}},
                )
        except Conflict:
            return False
        return True

    def put_at(self, pk: str, sk: str, values: Item, *, revision: int) -> bool:
        """Write a whole item unless its ``revision`` is another than the one that was read (0: no item).

        Returns False when it is. Calls: dynamodb:PutItem.
        """
        item = _key(pk, sk) | {name: _marshal(value) for name, value in values.items()}
        try:
            with translated("dynamodb:PutItem", pk):
                _dynamodb().put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR #revision = :seen",
                    ExpressionAttributeNames={"#revision": "revision"},
                    ExpressionAttributeValues={":seen": _marshal(revision)},
                )
        except Conflict:
            return False
        return True

    def champions(self, since: str) -> Iterator[Item]:
        """Yield the champions promoted since a time (ISO). Calls: dynamodb:Query on runs-by-time."""
        request: Any = {
            "TableName": self.table,
            "IndexName": "runs-by-time",
            "KeyConditionExpression": "#kind = :champion AND #started >= :since",
            "ExpressionAttributeNames": {"#kind": "kind", "#started": "started_at"},
            "ExpressionAttributeValues": {":champion": {"S": "champion"}, ":since": {"S": since}},
        }
        with translated("dynamodb:Query", self.table):
            for page in _dynamodb().get_paginator("query").paginate(**request):
                for item in page.get("Items", []):
                    yield _unmarshal_item(item)

    def remove_members(self, pk: str, sk: str, members: tuple[tuple[str, str], ...]) -> None:
        """Remove (attribute, member) pairs of maps and raise ``revision``; no item, nothing to remove.

        Calls: dynamodb:UpdateItem.
        """
        names = {"#revision": "revision"}
        paths = []
        for index, (attribute, member) in enumerate(members):
            names |= {f"#a{index}": attribute, f"#m{index}": member}
            paths.append(f"#a{index}.#m{index}")
        try:
            with translated("dynamodb:UpdateItem", pk):
                _dynamodb().update_item(
                    TableName=self.table,
                    Key=_key(pk, sk),
                    UpdateExpression=f"REMOVE {', '.join(paths)} ADD #revision :one",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
        except Conflict:
            return

    def runs_by_execution(self, execution_arn: str) -> Iterator[Item]:
        """Yield the runs that an execution claimed. Calls: dynamodb:Query on the index runs-by-time."""
        return self._runs("execution_arn", execution_arn)

    def open_runs(self) -> Iterator[Item]:
        """Yield the runs whose status is RUNNING. Calls: dynamodb:Query on the index runs-by-time."""
        return self._runs("status", "RUNNING")

    def runs_of(self, dataset: str) -> Iterator[Item]:
        """Yield the runs of a dataset, newest first. Calls: dynamodb:Query on the index runs-by-time."""
        return self._runs("dataset", dataset)

    def runs_since(self, moment: str) -> Iterator[Item]:
        """Yield the runs started at or after an ISO time. Calls: dynamodb:Query on the index runs-by-time."""
        request: Any = {
            "TableName": self.table,
            "IndexName": "runs-by-time",
            "KeyConditionExpression": "#kind = :run AND #started >= :moment",
            "ExpressionAttributeNames": {"#kind": "kind", "#started": "started_at"},
            "ExpressionAttributeValues": {":run": {"S": "run"}, ":moment": {"S": moment}},
        }
        return self._query(request)

    def _runs(self, attribute: str, value: str) -> Iterator[Item]:
        """Yield the runs whose ``attribute`` is ``value``, newest first."""
        request: Any = {
            "TableName": self.table,
            "IndexName": "runs-by-time",
            "KeyConditionExpression": "#kind = :run",
            "FilterExpression": "#wanted = :value",
            "ExpressionAttributeNames": {"#kind": "kind", "#wanted": attribute},
            "ExpressionAttributeValues": {":run": {"S": "run"}, ":value": {"S": value}},
            "ScanIndexForward": False,
        }
        return self._query(request)

    def _query(self, request: Any) -> Iterator[Item]:  # noqa: ANN401 - a request of DynamoDB's
        with translated("dynamodb:Query", self.table):
            for page in _dynamodb().get_paginator("query").paginate(**request):
                for item in page.get("Items", []):
                    yield _unmarshal_item(item)

    def item(self, pk: str, sk: str) -> Item | None:
        """Return an item by its keys, or None. Calls: dynamodb:GetItem."""
        with translated("dynamodb:GetItem", pk):
            answer = _dynamodb().get_item(TableName=self.table, Key=_key(pk, sk), ConsistentRead=True)
        return _unmarshal_item(answer["Item"]) if "Item" in answer else None


def json_attribute(item: Item | None, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return a JSON-text attribute parsed, or None when it is missing or empty."""
    text = (item or {}).get(name)
    return json.loads(text) if isinstance(text, str) and text else None


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _marshal(value: Any) -> Item:  # noqa: ANN401 - plain values
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float | Decimal):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {name: _marshal(inner) for name, inner in value.items()}}
    return {"L": [_marshal(inner) for inner in value]}


def _unmarshal(value: Any) -> Any:  # noqa: ANN401 - DynamoDB's typed JSON
    kind, inner = next(iter(value.items()))
    if kind == "M":
        return _unmarshal_item(inner)
    if kind == "L":
        return [_unmarshal(entry) for entry in inner]
    if kind == "N":
        return float(inner)
    return None if kind == "NULL" else inner


def _unmarshal_item(item: Any) -> Item:  # noqa: ANN401 - DynamoDB's typed JSON
    return {name: _unmarshal(value) for name, value in item.items()}


def _dynamodb() -> DynamoDBClient:
    dynamodb: DynamoDBClient = client("dynamodb")
    return dynamodb
