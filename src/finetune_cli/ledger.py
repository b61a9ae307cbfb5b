"""Runs as the ledger keeps them: one DynamoDB item each, read into a `Run`.

Item shape: keys `pk` = "run#<run_id>", `sk` = "run"; index `runs-by-time` over `kind` = "run" and
`started_at`. Results of the phases are JSON text in attributes of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finetune_cli.errors import CommandError

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

INDEX = "runs-by-time"
ENDED = frozenset({"PROMOTED", "HELD", "REJECTED", "FAILED"})
JSON_ATTRIBUTES = (
    "plan",
    "queue",
    "preflight",
    "validation",
    "price",
    "approval",
    "training",
    "endpoint",
    "evaluation",
    "commitment_approval",
    "promotion",
    "actual",
    "error",
)
SECRET = ("task_token",)


@dataclass(frozen=True)
class Run:
    """One run. `phases` are (name, ISO time it began); `results` the phases' JSON by attribute name."""

    run_id: str
    dataset: str = ""
    status: str = "RUNNING"
    outcome: str = ""
    message: str = ""
    phase: str = ""
    phases: tuple[tuple[str, str], ...] = ()
    started_at: str = ""
    finished_at: str = ""
    execution_arn: str = ""
    job_name: str = ""
    model_arn: str = ""
    endpoint_arn: str = ""
    endpoint_kind: str = ""
    report: str = ""
    answer_by: str = ""
    task_token: str = field(default="", repr=False)
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """True when the ledger will not change any more."""
        return self.status in ENDED

    def result(self, name: str) -> dict[str, Any]:
        """What a phase wrote, {} before it has."""
        value = self.results.get(name)
        return value if isinstance(value, dict) else {}

    def as_dict(self) -> dict[str, Any]:
        """The run for `--json`: every field but the task token, which is a key to the approval."""
        fields = {
            name: value for name, value in vars(self).items() if name not in (*SECRET, "phases", "results")
        }
        phases = [{"phase": name, "at": at} for name, at in self.phases]
        return {**fields, "phases": phases, **self.results}


def run_from_item(item: Mapping[str, Any]) -> Run:
    """Read a run out of a DynamoDB item in its typed form (`{"S": ...}`)."""
    plain = {name: _plain(value) for name, value in item.items()}
    names = (
        "run_id",
        "dataset",
        "status",
        "outcome",
        "message",
        "phase",
        "started_at",
        "finished_at",
        "execution_arn",
        "job_name",
        "model_arn",
        "endpoint_arn",
        "endpoint_kind",
        "report",
        "answer_by",
        "task_token",
    )
    texts = {name: str(plain[name]) for name in names if plain.get(name) is not None}
    phases = tuple((str(step["phase"]), str(step["at"])) for step in plain.get("phases") or ())
    results = {name: _parsed(plain[name]) for name in JSON_ATTRIBUTES if plain.get(name)}
    return Run(**texts, phases=phases, results=results)


def _plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a DynamoDB value of any type
    """One typed attribute value as plain Python; numbers as float or int."""
    ((kind, inner),) = value.items()
    if kind == "L":
        return [_plain(each) for each in inner]
    if kind == "M":
        return {name: _plain(each) for name, each in inner.items()}
    if kind == "N":
        return float(inner) if "." in inner or "e" in inner.lower() else int(inner)
    return None if kind == "NULL" else inner


def _parsed(value: Any) -> Any:  # noqa: ANN401
    """JSON text parsed; text that is not JSON (a plain error message) as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def get_run(here: Surroundings, run_id: str) -> Run | None:
    """The run with this id, read consistently; None when there is none."""
    key = {"pk": {"S": f"run#{run_id}"}, "sk": {"S": "run"}}
    answer = here.client("dynamodb").get_item(
        TableName=here.names["ledger-table"], Key=key, ConsistentRead=True
    )
    return run_from_item(answer["Item"]) if "Item" in answer else None


def newest_runs(here: Surroundings, dataset: str = "") -> Iterator[Run]:
    """Runs from the newest to the oldest, of one dataset or of all. Pages are read as they are needed."""
    request: dict[str, Any] = {
        "TableName": here.names["ledger-table"],
        "IndexName": INDEX,
        "KeyConditionExpression": "#kind = :run",
        "ExpressionAttributeNames": {"#kind": "kind"},
        "ExpressionAttributeValues": {":run": {"S": "run"}},
        "ScanIndexForward": False,
    }
    if dataset:
        request["FilterExpression"] = "#dataset = :dataset"
        request["ExpressionAttributeNames"]["#dataset"] = "dataset"
        request["ExpressionAttributeValues"][":dataset"] = {"S": dataset}
    for page in here.client("dynamodb").get_paginator("query").paginate(**request):
        yield from map(run_from_item, page["Items"])


def find_run(here: Surroundings, name: str) -> Run:
    """The run called `name`, else the newest run of the dataset called `name`.

    Raises:
        CommandError: neither exists.
    """
    run = get_run(here, name) or next(newest_runs(here, dataset=name), None)
    if run is None:
        raise CommandError(
            f"There is no run and no dataset {name!r}.",
            where=f"ledger of environment {here.env}, {here.region}",
            do="See what there is: `finetune runs`.",
        )
    return run
