"""What a run over a folder would cost, without AWS: the pipeline's own code over the same records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from config.environments import ENVIRONMENTS
from finetune_cli.checking import data_files, model_called, settings_of
from finetune_cli.drops import Drop
from finetune_cli.errors import CommandError
from finetune_cli.scanning import pieces_of, read, scan_files
from finetune_core import preflight, preparation
from finetune_core.budget import epochs, price_run
from finetune_core.contracts import (
    Counts,
    EvaluationSet,
    Preflight,
    RunSettings,
    TokenRange,
    Validation,
)
from finetune_core.costs import Price
from finetune_core.model_rules import Model
from finetune_core.split import records
from finetune_core.unlisted import row_of
from finetune_core.validation import Report, Scanned, judge, offered_rules


@dataclass(frozen=True)
class Estimate:
    """A price with what it rests on: records per part, tokens of one pass, passes."""

    price: Price
    preflight: Preflight
    counts: Counts
    tokens: TokenRange
    epochs: int
    report: Report

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "base_model": self.preflight.base_model_id,
            "serving": self.preflight.serving,
            "counts": msgspec.to_builtins(self.counts),
            "tokens": msgspec.to_builtins(self.tokens),
            "epochs": self.epochs,
            "valid": self.report.valid,
            "price": msgspec.to_builtins(self.price),
        }


def estimate(drop: Drop, env: str) -> Estimate:
    """Price the run that a drop would start in an environment, by the dated price table.

    Raises:
        CommandError: the catalogue does not know the model, or it does not offer this customization.
        ModelNotTunable: serving or hyperparameters that do not go with the model.
    """
    settings = settings_of(drop, env)
    model = model_called(settings.base_model)
    try:
        offered_rules(model, settings.customization_type)
    except ValueError as error:
        raise CommandError(
            f"{error}.", where="--type", do="See what goes together: finetune models"
        ) from None
    checked = _preflight(model, settings, ENVIRONMENTS[env].region)
    paths = data_files(drop)
    scanned = {file.role: file for file in scan_files(paths, model, settings.customization_type)}
    report = judge(list(scanned.values()), model, settings.customization_type)
    validation = _validation(
        scanned, report, checked, settings, read=lambda: records(read(pieces_of(paths["train"])))
    )
    return Estimate(
        price=price_run(settings, checked, validation),
        preflight=checked,
        counts=validation.counts,
        tokens=validation.tokens,
        epochs=epochs(checked.hyperparameters),
        report=report,
    )


def _preflight(model: Model, settings: RunSettings, region: str) -> Preflight:
    """Return the preflight as the catalogue alone would have it."""
    offer = preflight.Offer(
        model_id=model.id,
        model_arn=model.id,
        name=model.name,
        job_model=model.id,
        lifecycle="ACTIVE",
        customizations=tuple(model.kinds),
    )
    serving = preflight.resolve_serving(model, settings.serving, region)
    return preflight.plan_training(offer, settings, serving, [])


def _validation(
    scanned: dict[Any, Scanned],
    report: Report,
    checked: Preflight,
    settings: RunSettings,
    *,
    read: Callable[[], Iterable[bytes]],
) -> Validation:
    """Return what the validator would: the same split, nothing written. `read` yields training records."""
    record_format = report.format or checked.record_format
    sources = preparation.choose_sources(
        set(scanned),
        takes_validation=checked.takes_validation,
        can_be_asked=preparation.can_be_asked(record_format, row_of(checked)),
    )
    rules = offered_rules(row_of(checked), settings.customization_type)
    moved = preparation.kept_together(record_format, scanned["train"], sources, read, None)
    split = preparation.plan_parts(scanned["train"], rules, sources, settings, moved)
    own = scanned["validation"].partial.records if sources.validation == "validation" else None
    asked = split.evaluation
    if sources.evaluation in scanned:
        asked = min(scanned[sources.evaluation].partial.records, preparation.MOST_EVALUATION)
    return Validation(
        format=record_format,
        counts=preparation.counts(split, own, asked),
        faults=report.counts,
        tokens=preparation.training_tokens(report, split),
        report_json="",
        report_html="",
        train_uri="",
        validation_uri=None,
        evaluation=EvaluationSet(bucket="", key="", records=asked),
    )
