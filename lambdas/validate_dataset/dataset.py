"""Validates a run's dataset, then writes its parts: two passes over the training file, both streamed."""

from __future__ import annotations

from pathlib import Path

from finetune_aws import media, neighbours, results
from finetune_core.contracts import Plan, Preflight, Validation
from finetune_core.unlisted import row_of
from finetune_core.validation import ROLES, judge, scan
from validate_dataset.files import Files
from validate_dataset.parts import PartsWriter


def validate(plan: Plan, preflight: Preflight) -> Validation:
    """Return the dataset's figures and parts.

    Raises:
        DatasetInvalid: after the report was written, with the first faults and where it lies.
    """
    files = Files(plan, preflight)
    model, kind = row_of(preflight), preflight.customization_type
    scanned = [
        scan(files.chunks(role), model, kind, role=role, secrets=plan.settings.secrets)
        for role in ROLES
        if role in files.roles
    ]
    media.check(scanned, files.chunks, plan, model, kind)
    near = neighbours.check(scanned, files.chunks, plan, model, kind)
    report = judge(scanned, model, kind)
    verdict = results.decide(
        plan,
        preflight,
        scanned,
        report,
        names=files.names(),
        read=lambda: files.chunks("train"),
        near=near,
    )
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - costs the function's start

    with TemporaryDirectory() as folder:
        parts = PartsWriter(plan, files, Path(folder))
        prepared = parts.write(verdict.split, verdict.sources, verdict.record_format)
    return results.validation_of(plan, verdict, prepared)
