"""Warns of records that are much longer or shorter than the rest of their file.

Judged on the histogram of lengths in bytes, in steps of a quarter of a doubling, which the scan keeps anyway:
an outlier lies beyond the quartiles by more than three times their distance ("far out" after Tukey,
Exploratory Data Analysis, 1977), on the scale of doublings, and by a factor of four at the least.
"""

from typing import Final

from finetune_core.findings import Findings, Spec
from finetune_core.partials import Partial, bucket_start

_LEAST_RECORDS: Final = 50
_FENCE: Final = 3
_STEPS: Final = 8
"""Steps of the histogram to a factor of four."""


def check_lengths(partial: Partial, spec: Spec) -> None:
    """Add one warning for the records that are far too long and one for those far too short."""
    fences = outlier_steps(partial.lengths)
    if fences is None:
        return
    low, high = fences
    longer = sum(count for step, count in partial.lengths.items() if step > high)
    shorter = sum(count for step, count in partial.lengths.items() if step < low)
    rest = f"most have {bucket_start(low):,} to {bucket_start(high + 1):,}"
    if longer:
        said = f"{longer:,} records have {bucket_start(high + 1):,} bytes or more"
        _note(partial, spec, f"{said}, the longest {partial.longest:,}; {rest}", partial.longest)
    if shorter:
        _note(
            partial, spec, f"{shorter:,} records have fewer than {bucket_start(low):,} bytes; {rest}", shorter
        )


def outlier_steps(lengths: dict[int, int]) -> tuple[int, int] | None:
    """Return the least and the highest step that is no outlier, None if there are too few records."""
    total = sum(lengths.values())
    if total < _LEAST_RECORDS:
        return None
    first, third = _quantile(lengths, total, 0.25), _quantile(lengths, total, 0.75)
    distance = max(_FENCE * (third - first), _STEPS)
    return first - distance, third + distance


def _quantile(lengths: dict[int, int], total: int, share: float) -> int:
    reached = 0
    for step, count in sorted(lengths.items()):
        reached += count
        if reached >= total * share:
            return step
    raise ValueError("an empty histogram has no quantiles")


def _note(partial: Partial, spec: Spec, said: str, value: int) -> None:
    found = Findings(spec, 0, 0)
    found.add("length_outlier", "", value, said)
    partial.add(found.faults[0])
