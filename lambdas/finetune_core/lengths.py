"""Warns of each record that is much longer or shorter than the rest of its file.

Judged on the histogram of lengths in bytes, in steps of a quarter of a doubling, which the scan keeps anyway:
an outlier lies beyond the quartiles by more than three times their distance ("far out" after Tukey,
Exploratory Data Analysis, 1977), on the scale of doublings, and by a factor of four at the least.
"""

from typing import Final

from finetune_core.faults import Fault
from finetune_core.findings import Findings, Spec
from finetune_core.partials import Partial, bucket_start, json_lengths

_LEAST_RECORDS: Final = 50
_FENCE: Final = 3
_STEPS: Final = 8
"""Steps of the histogram to a factor of four."""


def check_lengths(partial: Partial, spec: Spec) -> None:
    """Add a warning for each record that is far too long or far too short; its line, where remembered."""
    fences = outlier_steps(partial.lengths)
    if fences is None:
        return
    low, high = fences
    outliers = sum(count for step, count in partial.lengths.items() if not low <= step <= high)
    if not outliers:
        return
    least, beyond = bucket_start(low), bucket_start(high + 1)
    tally = partial.tally("length_outlier", "warning")
    for line, length in enumerate(json_lengths(partial), 1):
        if least <= length < beyond or not partial.fingerprints[line - 1]:
            continue
        if tally.count < tally.most:
            tally.add(_fault(partial, spec, line, length, f"most have {least:,} to {beyond:,}"))
        else:
            tally.count += 1
            tally.add_lines(line, line)
    tally.cut = tally.cut or tally.count < outliers
    tally.count = outliers


def _fault(partial: Partial, spec: Spec, line: int, length: int, rest: str) -> Fault:
    found = Findings(spec, line, partial.offset(line))
    found.add("length_outlier", "$", length, f"the record has {length:,} bytes; {rest}")
    return found.faults[0]


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
