"""What validation leaves behind: reports, held-out prompts, and the answer to the state machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from finetune_aws import objects
from finetune_core import preparation
from finetune_core.contracts import EvaluationSet, Plan, Preflight, Validation
from finetune_core.errors import AccessDenied, DatasetInvalid, NotFound
from finetune_core.preparation import Prepared, Verdict
from finetune_core.questions import Pair, Question, to_questions
from finetune_core.split import records
from finetune_core.unlisted import row_of
from finetune_core.validation import Report, Scanned, offered_rules

if TYPE_CHECKING:
    from finetune_core.near_duplicates import Grouping


def decide(
    plan: Plan,
    preflight: Preflight,
    scanned: list[Scanned],
    report: Report,
    *,
    names: dict[str, str],
    read: Callable[[], Iterable[bytes]],
    near: Grouping | None,
) -> Verdict:
    """Write the reports and plan the split. ``names`` are the words for each role's file in messages,
    ``read`` yields the training file's bytes, each time it is called, ``near`` is what `neighbours` found.

    Calls: s3:PutObject.

    Raises:
        DatasetInvalid: after the reports were written, with the first faults and where they lie.
    """
    report_json, report_html = _write_reports(plan, report)
    if not report.valid:
        raise preparation.refusal(report, names, report_html)
    record_format = report.format or preflight.record_format
    found = {str(file.role): file for file in scanned}
    sources = preparation.choose_sources(
        set(found),
        takes_validation=preflight.takes_validation,
        can_be_asked=preparation.can_be_asked(record_format, row_of(preflight)),
    )
    rules = offered_rules(row_of(preflight), preflight.customization_type)
    moved = preparation.kept_together(record_format, found["train"], sources, lambda: records(read()), near)
    split = preparation.plan_parts(found["train"], rules, sources, plan.settings, moved)
    return Verdict(
        split=split,
        sources=sources,
        record_format=record_format,
        faults=report.counts,
        tokens=preparation.training_tokens(report, split),
        report_json=report_json,
        report_html=report_html,
        own_validation=found["validation"].partial.records if "validation" in found else None,
    )


def write_prompts(plan: Plan, lines: Iterable[bytes], record_format: str) -> int:
    """Turn held-out records into questions, keep them, and return how many there are.

    Calls: s3:PutObject, s3:GetObject (images).

    Raises:
        DatasetInvalid: an image is not there.
    """
    questions = list(islice(to_questions(lines, record_format), preparation.MOST_EVALUATION))
    text = b"".join(msgspec.json.encode(each) + b"\n" for each in _pinned(questions))
    objects.write(plan.artifacts_bucket, f"{plan.prefix}/evaluation.jsonl", text, "application/jsonl")
    return len(questions)


def _pinned(questions: list[Question]) -> Iterator[Question]:
    """Yield the questions with the version of each image, so that all contestants see the same bytes."""
    versions: dict[str, str] = {}
    for each in questions:
        if isinstance(each, Pair):
            if each.image not in versions:
                versions[each.image] = _version(each.image)
            yield msgspec.structs.replace(each, version=versions[each.image])
        else:
            yield each


def _version(image: str) -> str:
    try:
        return objects.version(image)
    except (AccessDenied, NotFound) as error:
        raise DatasetInvalid(
            "a held-out image is not there, or the pipeline may not read it",
            where=image,
            remedy="Images lie under datasets/ in the data bucket. Drop the image, then run.json again.",
        ) from error


def validation_of(plan: Plan, verdict: Verdict, prepared: Prepared) -> Validation:
    """Return what the later states are told."""
    own = verdict.own_validation if prepared.validation_uri is not None else None
    return Validation(
        format=verdict.record_format,
        counts=preparation.counts(verdict.split, own, prepared.evaluation_records),
        faults=verdict.faults,
        tokens=verdict.tokens,
        report_json=verdict.report_json,
        report_html=verdict.report_html,
        train_uri=prepared.train_uri,
        validation_uri=prepared.validation_uri,
        evaluation=EvaluationSet(
            bucket=plan.artifacts_bucket,
            key=f"{plan.prefix}/evaluation.jsonl",
            records=prepared.evaluation_records,
            shards=preparation.shards(prepared.evaluation_records),
        ),
    )


def _write_reports(plan: Plan, report: Report) -> tuple[str, str]:
    from finetune_core import validation_report  # noqa: PLC0415 - costs the function's start

    bucket, prefix = plan.artifacts_bucket, plan.prefix
    text = validation_report.to_json(report)
    page = validation_report.to_html(report, f"Dataset {plan.dataset}")
    lines = validation_report.to_lines(report)
    objects.write(bucket, f"{prefix}/faulty-lines.tsv", lines.encode(), "text/tab-separated-values")
    return (
        objects.write(bucket, f"{prefix}/validation.json", text, "application/json"),
        objects.write(bucket, f"{prefix}/validation.html", page.encode(), "text/html; charset=utf-8"),
    )
