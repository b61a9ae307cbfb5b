"""Validates a run's dataset, then writes its parts: two passes over the training file, both streamed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from finetune_aws import objects
from finetune_core import preparation, validation_report
from finetune_core.contracts import EvaluationSet, Plan, Preflight, Validation
from finetune_core.split import records
from finetune_core.unlisted import row_of
from finetune_core.validation import ROLES, Report, Role, Scanned, judge, offered_rules, scan
from validate_dataset import media
from validate_dataset.files import Files
from validate_dataset.parts import PartsWriter, Written

_ASKED = ("converse", "messages", "prompt-completion", "input", "text")


def validate(plan: Plan, preflight: Preflight) -> Validation:
    """Return the dataset's figures and parts.

    Raises:
        DatasetInvalid: after the report was written, with the first faults and where it lies.
    """
    files = Files(plan, preflight)
    model, kind = row_of(preflight), preflight.customization_type
    scanned = {
        role: scan(files.chunks(role), model, kind, role=role, stable=True)
        for role in ROLES
        if role in files.roles
    }
    media.check(scanned.values(), files, plan, model, kind)
    report = judge(list(scanned.values()), model, kind)
    report_json, report_html = _write_reports(plan, report)
    if not report.valid:
        raise preparation.refusal(report, files.names(), report_html)
    record_format = report.format or preflight.record_format
    sources = preparation.choose_sources(
        files.roles, takes_validation=preflight.takes_validation, can_be_asked=record_format in _ASKED
    )
    moved = preparation.near_duplicates(scanned["train"], sources, lambda: records(files.chunks("train")))
    rules = offered_rules(model, kind)
    split = preparation.plan_parts(scanned["train"], rules, sources, plan.settings, moved)
    with tempfile.TemporaryDirectory() as folder:
        written = PartsWriter(plan, files, Path(folder)).write(split, sources)
    return Validation(
        format=record_format,
        counts=preparation.counts(split, _own_validation(scanned, written), written.evaluation_records),
        faults=report.counts,
        tokens=preparation.training_tokens(report, split),
        report_json=report_json,
        report_html=report_html,
        train_uri=written.train_uri,
        validation_uri=written.validation_uri,
        evaluation=EvaluationSet(
            bucket=plan.artifacts_bucket,
            key=written.evaluation_key,
            records=written.evaluation_records,
            shards=preparation.shards(written.evaluation_records),
        ),
    )


def _own_validation(scanned: Mapping[Role, Scanned], written: Written) -> int | None:
    """Return the records of the user's own validation file, or None when there is none in use."""
    used = "validation" in scanned and written.validation_uri is not None
    return scanned["validation"].partial.records if used else None


def _write_reports(plan: Plan, report: Report) -> tuple[str, str]:
    bucket, prefix = plan.artifacts_bucket, plan.prefix
    text = validation_report.to_json(report)
    page = validation_report.to_html(report, f"Dataset {plan.dataset}")
    lines = validation_report.to_lines(report)
    objects.write(bucket, f"{prefix}/faulty-lines.tsv", lines.encode(), "text/tab-separated-values")
    return (
        objects.write(bucket, f"{prefix}/validation.json", text, "application/json"),
        objects.write(bucket, f"{prefix}/validation.html", page.encode(), "text/html; charset=utf-8"),
    )
