"""Writes a run's end: report, ledger, notice, in this order, so that a retry repeats nothing that shows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec

from finetune_aws import objects, queues
from finetune_aws.environment import Environment
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_aws.notices import publish
from finetune_aws.telemetry import count, logger
from finetune_core import curves, model_cards, reward_judgement
from finetune_core.actuals import actual_costs
from finetune_core.charts import Curve
from finetune_core.contracts import Plan, read
from finetune_core.errors import ServiceError
from finetune_core.outcomes import status_of
from finetune_core.reports import to_html

RESULTS: Final = (
    "preflight",
    "validation",
    "price",
    "approval",
    "training",
    "endpoint",
    "evaluation",
    "commitment_approval",
    "promotion",
)
"""What the phases produced, as it passes between the states and is kept in the ledger."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. ``results`` maps a name of ``RESULTS`` to its JSON, or None."""

    run_id: str
    dataset: str
    execution_arn: str
    outcome: str
    message: str
    plan: dict[str, Any] | None
    results: dict[str, Any]
    error: dict[str, Any] | None


def finish(ending: Ending, environment: Environment, now: datetime) -> str:
    """Write the end of a run and return the report's URI (``s3://…/report.html``)."""
    ledger = Ledger(environment.ledger_table)
    item = ledger.run(ending.run_id)
    if item is not None and item.get("execution_arn") not in (None, ending.execution_arn):
        logger.warning("the run belongs to another execution; its ledger item is left alone")
        return str(item.get("report") or "")
    report = _facts(ending, item or {}, environment.name, now)
    report["actual"] = _actual(report, item or {})
    uri = _write_report(ending, report, environment.artifacts_bucket)
    _record(ledger, ending, item, uri, report)
    _leave_queues(ledger, ending)
    count(environment.name, "RunsFinished")
    publish(environment.notices_topic, _subject(ending, environment.name), _message(ending, uri))
    return uri


def _facts(ending: Ending, item: Item, environment: str, now: datetime) -> dict[str, Any]:
    return {
        "run_id": ending.run_id,
        "dataset": ending.dataset,
        "environment": environment,
        "status": status_of(ending.outcome),
        "outcome": ending.outcome,
        "message": ending.message,
        "execution_arn": ending.execution_arn,
        "started_at": item.get("started_at"),
        "finished_at": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "phases": item.get("phases") or [],
        "plan": ending.plan,
        **{name: ending.results.get(name) for name in RESULTS},
        "error": ending.error,
    }


def _actual(report: dict[str, Any], item: Item) -> dict[str, Any] | None:
    """Return what the run cost; a price that only the ledger knows (the run was over it) counts too."""
    priced = {"price": report["price"] or json_attribute(item, "price")}
    found = actual_costs(report | priced)
    return msgspec.to_builtins(found) if found else None


def _write_report(ending: Ending, report: dict[str, Any], bucket: str) -> str:
    prefix = f"runs/{ending.run_id}"
    objects.write_json(bucket, f"{prefix}/report.json", report)
    if (ending.results.get("training") or {}).get("model_arn"):
        objects.write_json(bucket, f"{prefix}/{model_cards.FILE}", model_cards.card(report, _lineage(ending)))
    page = to_html(report, _curves(ending.results.get("training")))
    return objects.write(bucket, f"{prefix}/report.html", page.encode(), "text/html; charset=utf-8")


def _lineage(ending: Ending) -> dict[str, Any] | None:
    """Return ``lineage.json``, or None for a run from before there was one."""
    summary = (ending.results.get("preflight") or {}).get("lineage")
    if not summary:
        return None
    found: dict[str, Any] = json.loads(objects.read(*objects.split_uri(summary["uri"])))
    return found


def _curves(training: dict[str, Any] | None) -> list[Curve]:
    """Return the curves for the chart, losses or rewards: both, from the file that each lies in."""
    found = training or {}
    what, columns = "loss", ("training_loss", "validation_loss")
    if found.get("training_reward"):
        what = "reward"
        columns = (reward_judgement.TRAINING_COLUMN, reward_judgement.VALIDATION_COLUMN)
    parts = (("training", "curve_uri"), ("validation", "validation_curve_uri"))
    return [
        Curve(f"{name} {what}", _points(found.get(uri), column))
        for (name, uri), column in zip(parts, columns, strict=True)
    ]


def _points(uri: str | None, column: str) -> list[curves.Point]:
    """Return one curve; a report without its chart is better than none."""
    if not uri:
        return []
    try:
        return curves.parse(objects.read(*objects.split_uri(uri)).decode("utf-8", "replace"), column)
    except ServiceError as error:
        logger.warning(str(error))
        return []


def _record(ledger: Ledger, ending: Ending, item: Item | None, uri: str, report: dict[str, Any]) -> None:
    values: Item = {
        "status": report["status"],
        "outcome": ending.outcome,
        "message": ending.message,
        "finished_at": report["finished_at"],
        "updated_at": report["finished_at"],
        "report": uri,
        **{name: json.dumps(found) for name in (*RESULTS, "error") if (found := report[name])},
    }
    if report["actual"]:
        values["actual"] = json.dumps(report["actual"])
    if item is None:
        # Refused before it could be claimed: there is no item yet.
        values |= {
            "run_id": ending.run_id,
            "kind": "run",
            "dataset": ending.dataset,
            "execution_arn": ending.execution_arn,
            "started_at": report["finished_at"],
            "phase": "intake",
            "phases": [{"phase": "intake", "at": report["finished_at"]}],
        }
    ledger.update_run(ending.run_id, values)


def _leave_queues(ledger: Ledger, ending: Ending) -> None:
    """Free what the run held: its dataset, and a job's place if the run broke off while it trained."""
    if ending.plan and ending.plan.get("run_id"):
        queues.leave(ledger, read(ending.plan, Plan, where="finish: plan"))


def _subject(ending: Ending, environment: str) -> str:
    return f"[finetune {environment}] {ending.outcome}: {ending.dataset} ({ending.run_id})"


def _message(ending: Ending, uri: str) -> str:
    endpoint = (ending.results.get("endpoint") or {}).get("arn") if ending.outcome == "Promoted" else ""
    pointer = (ending.results.get("promotion") or {}).get("parameter")
    lines = [
        f"Run      {ending.run_id}",
        f"Dataset  {ending.dataset}",
        f"Outcome  {ending.outcome}",
        *([f"Endpoint {endpoint}"] if endpoint else []),
        *([f"Pointer  {pointer} (SSM parameter)"] if pointer else []),
        f"Report   {uri}",
        "",
        ending.message,
    ]
    return "\n".join(lines)
