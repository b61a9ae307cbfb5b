"""The metrics files that a job leaves under its output URI.

Paths and columns: user guide, model-customization-analyze (copy of about October 2026, read 2026-11-23).
Samples of AWS read the validation file from two other places (``nested`` for a Nova sample, ``flat`` for a
Llama one); a test can order those.

Of a reinforcement job the metrics' names are published (rft-submit-job, read 2026-11-28) but not its files:
here they lie in the same places, with a column for each metric in place of loss and perplexity.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

_HIGHEST_EXPONENT: Final = 700.0
_PLACE: Final = ("step_number", "epoch_number")
_VALIDATION_PATHS: Final = {
    "": "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv",
    "nested": "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv",
    "flat": "validation_artifacts/validation_metrics.csv",
}


@dataclass
class Table:
    """Column names and rows of one metrics file."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[float]]

    def csv(self) -> bytes:
        """Return the file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(map(repr, row) for row in self.rows)
        return text.getvalue().encode()


@dataclass
class Curve:
    """Losses in nats per token as (step, epoch, loss); step 0 is the base before any update."""

    training: list[tuple[int, int, float]] = field(default_factory=list)
    validation: list[tuple[int, int, float]] = field(default_factory=list)

    def tables(self) -> tuple[Table, Table]:
        """Return the training and the validation table."""
        return _losses("training_loss", self.training), _losses("validation_loss", self.validation)

    def last_losses(self) -> tuple[float | None, float | None]:
        """Return the last training and validation loss."""
        return (
            self.training[-1][2] if self.training else None,
            self.validation[-1][2] if self.validation else None,
        )


@dataclass
class RewardCurve:
    """Metrics of a reinforcement as (step, epoch, value of each column)."""

    columns: tuple[str, ...]
    validation_columns: tuple[str, ...]
    training: list[Sequence[float]] = field(default_factory=list)
    validation: list[Sequence[float]] = field(default_factory=list)

    def tables(self) -> tuple[Table, Table]:
        """Return the training and the validation table."""
        return (
            Table((*_PLACE, *self.columns), self.training),
            Table((*_PLACE, *self.validation_columns), self.validation),
        )

    def last_losses(self) -> tuple[float | None, float | None]:
        """Return the last policy gradient loss; a reinforcement has no loss on held-out data."""
        loss = self.columns.index("actor/pg_loss") + len(_PLACE)
        return self.training[-1][loss] if self.training else None, None


def metrics_files(job_id: str, curve: Curve | RewardCurve, layout: str = "") -> dict[str, bytes]:
    """Return name (under the output URI) -> content; `layout` as ordered by an ArtifactFault."""
    if layout == "missing":
        return {}
    folder = f"model-customization-job-{job_id}/"
    training, validation = curve.tables()
    files = {folder + "training_artifacts/step_wise_training_metrics.csv": training.csv()}
    if validation.rows:
        files[folder + _VALIDATION_PATHS[layout]] = validation.csv()
    return files


def _losses(column: str, rows: Iterable[tuple[int, int, float]]) -> Table:
    return Table(
        (*_PLACE, column, "perplexity"),
        [(step, epoch, loss, math.exp(min(loss, _HIGHEST_EXPONENT))) for step, epoch, loss in rows],
    )
