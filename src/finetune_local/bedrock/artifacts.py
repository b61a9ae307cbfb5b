"""The metrics files that a job leaves under its output URI.

Paths and columns: user guide, model-customization-analyze (copy of about October 2026, read 2026-11-23).
Samples of AWS read the validation file from two other places (``nested`` for a Nova sample, ``flat`` for a
Llama one); a test can order those.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_HIGHEST_EXPONENT: Final = 700.0
_VALIDATION_PATHS: Final = {
    "": "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv",
    "nested": "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv",
    "flat": "validation_artifacts/validation_metrics.csv",
}


@dataclass
class Curve:
    """Losses in nats per token as (step, epoch, loss); step 0 is the base before any update."""

    training: list[tuple[int, int, float]] = field(default_factory=list)
    validation: list[tuple[int, int, float]] = field(default_factory=list)


def metrics_files(job_id: str, curve: Curve, layout: str = "") -> dict[str, bytes]:
    """Return name (under the output URI) -> content; `layout` as ordered by an ArtifactFault."""
    if layout == "missing":
        return {}
    folder = f"model-customization-job-{job_id}/"
    files = {
        folder + "training_artifacts/step_wise_training_metrics.csv": _csv("training_loss", curve.training)
    }
    if curve.validation:
        files[folder + _VALIDATION_PATHS[layout]] = _csv("validation_loss", curve.validation)
    return files


def _csv(column: str, rows: Iterable[tuple[int, int, float]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("step_number", "epoch_number", column, "perplexity"))
    for step, epoch, loss in rows:
        writer.writerow((step, epoch, repr(loss), repr(math.exp(min(loss, _HIGHEST_EXPONENT)))))
    return text.getvalue().encode()
