"""Reads the loss curves that a customization job leaves in S3.

The CSVs have ``step_number, epoch_number, training_loss, perplexity`` (``validation_loss`` in the other);
their folders differ between models, so they are found by file name. Bedrock user guide, "Analyze the results
of a model customization job"
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-analyze.html, read 2026-11-23).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import Final

from finetune_core.contracts import Loss

TRAINING_FILE: Final = "step_wise_training_metrics.csv"
VALIDATION_FILE: Final = "validation_metrics.csv"

_LONGEST_LINE: Final = 100_000
"""Characters; longer lines are left out, since the csv module refuses cells of more than 131,072."""

Point = tuple[int, float]
"""Step and loss."""


def find(keys: Iterable[str], file_name: str) -> str | None:
    """Return the key whose last part is ``file_name``: the shortest, when there are several."""
    found = sorted((key for key in keys if key.rpartition("/")[2] == file_name), key=len)
    return found[0] if found else None


def parse(text: str, column: str) -> list[Point]:
    """Return step and value of ``column`` in file order; rows without a finite number are left out.

    Column names are compared without case and surrounding blanks; an absent column gives no points.
    """
    return [(step, value) for step, value in _rows(text, column) if math.isfinite(value)]


def first_broken(text: str, column: str) -> int | None:
    """Return the first step whose ``column`` is infinite or "nan": the loss was lost there."""
    return next((step for step, value in _rows(text, column) if not math.isfinite(value)), None)


def _rows(text: str, column: str) -> Iterator[Point]:
    # Line ends of any kind, and cells of any length: a metrics file must not fail a job that is paid for.
    lines = io.StringIO(text.lstrip("\ufeff"), newline=None)
    reader = csv.DictReader(line for line in lines if len(line) < _LONGEST_LINE)
    names = {name.strip().lower(): name for name in reader.fieldnames or []}
    if column not in names:
        return
    for index, row in enumerate(reader, start=1):
        value = _number(row.get(names[column]))
        step = _number(row.get(names.get("step_number", "")))
        if value is not None:
            yield (int(step) if step is not None and math.isfinite(step) else index, value)


def epochs(text: str) -> int | None:
    """Return the last epoch that a curve's file names, None when it has no such column."""
    return max((int(value) for _, value in parse(text, "epoch_number")), default=None)


def loss(points: list[Point]) -> Loss | None:
    """Return first and last value of a curve, or None for an empty one."""
    return Loss(first=points[0][1], last=points[-1][1]) if points else None


def thin(points: list[Point], most: int) -> list[Point]:
    """Return at most ``most`` points, evenly chosen, first and last among them."""
    if len(points) <= most:
        return points
    stride = (len(points) - 1) / (most - 1)
    return [points[round(index * stride)] for index in range(most)]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
