"""`finetune endpoints`: what serves now, and what it costs while it does."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from finetune_cli import ledger
from finetune_cli.console import Console
from finetune_cli.errors import OK
from finetune_cli.progress import money
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_cli.surroundings import Surroundings


@dataclass(frozen=True)
class ServedModel:
    """One endpoint of this pipeline; `hourly` in US dollars, None when the run's price is not known."""

    name: str
    kind: str
    status: str
    arn: str
    run: str
    dataset: str
    expires: str
    model_units: int
    hourly: float | None


def add(commands: Commands) -> None:
    """Declare the command."""
    commands.add("endpoints", "List the pipeline's endpoints and what they cost an hour.", run)


def run(args: Namespace, console: Console) -> int:
    """Print the table; 0 even when nothing serves."""
    here = connect(args)
    found = [*_provisioned(here), *_deployments(here)]
    console.data([asdict(each) for each in found])
    if not found:
        console.note(f"Nothing of environment {here.env} serves in {here.region}: nothing costs by the hour.")
        return OK
    console.table(
        ("ENDPOINT", "KIND", "STATUS", "DATASET", "RUN", "EXPIRES", "PER HOUR"), [_row(e) for e in found]
    )
    known = [each.hourly for each in found if each.hourly is not None]
    unknown = f", and {len(found) - len(known)} whose price is not known" if len(known) < len(found) else ""
    console.say(f"together {money(sum(known))} an hour{unknown}")
    return OK


def _row(each: ServedModel) -> tuple[str, ...]:
    hourly = "unknown" if each.hourly is None else money(each.hourly)
    kind = each.kind.replace("_", " ") + (f", {each.model_units} unit(s)" if each.model_units else "")
    return each.name, kind, each.status, each.dataset, each.run, each.expires[:19], hourly


def _provisioned(here: Surroundings) -> Iterator[ServedModel]:
    pages = here.client("bedrock").get_paginator("list_provisioned_model_throughputs").paginate()
    for page in pages:
        for each in page["provisionedModelSummaries"]:
            arn, name = each["provisionedModelArn"], each["provisionedModelName"]
            yield from _ours(
                here,
                kind="provisioned_throughput",
                arn=arn,
                name=name,
                status=each["status"],
                units=each["modelUnits"],
            )


def _deployments(here: Surroundings) -> Iterator[ServedModel]:
    pages = here.client("bedrock").get_paginator("list_custom_model_deployments").paginate()
    for page in pages:
        for each in page.get("modelDeploymentSummaries", []):
            arn, name = each["customModelDeploymentArn"], each["customModelDeploymentName"]
            yield from _ours(here, kind="on_demand", arn=arn, name=name, status=each["status"], units=0)


def _ours(
    here: Surroundings, *, kind: str, arn: str, name: str, status: str, units: int
) -> Iterator[ServedModel]:
    """The endpoint, if its tags say that a run of this environment made it."""
    answer = here.client("bedrock").list_tags_for_resource(resourceARN=arn)
    tags = {tag["key"]: tag["value"] for tag in answer.get("tags", [])}
    if tags.get("finetune:pipeline") != here.env:
        return
    run_id = tags.get("finetune:run", "")
    expires = tags.get("finetune:expires", "")
    hourly = 0.0 if kind == "on_demand" else _hourly(here, run_id)
    dataset = tags.get("finetune:dataset", "")
    yield ServedModel(name, kind, status, arn, run_id, dataset, expires, units, hourly)


def _hourly(here: Surroundings, run_id: str) -> float | None:
    """What the run's estimate says an hour of its endpoint costs."""
    found = ledger.get_run(here, run_id) if run_id else None
    value: Any = found.result("price").get("hourly") if found else None
    return float(value) if value is not None else None
