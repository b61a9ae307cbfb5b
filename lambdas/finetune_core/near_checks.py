"""Notes records that say nearly the same as another: within a file, and across the files of a dataset.

The files are read two or three times more, at about 5 MB a second and core (see `near_duplicates`).
"""

from collections.abc import Callable, Iterable, Mapping

from finetune_core.faults import Answer, Severity
from finetune_core.findings import Findings, Spec
from finetune_core.near_duplicates import MOST_RECORDS, Grouping, group
from finetune_core.partials import Partial
from finetune_core.scanner import stable_fingerprint
from finetune_core.split import placed_records, records

Read = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file in pieces, each time it is called."""


def check_near_duplicates(
    files: Mapping[str, Read],
    partials: Mapping[str, Partial],
    specs: Mapping[str, Spec],
    *,
    answer: Answer = "warn",
) -> Grouping:
    """Add a fault for each record that is nearly the same as an earlier one; copies are not counted.

    Returns how the records of all files, one file after the other, go together.
    """
    grouping = group(lambda: (line for read in files.values() for line in records(read())))
    if not grouping.compared:
        role = next(iter(files))
        note_not_compared(partials[role], specs[role], f"more than {MOST_RECORDS:,} records")
        return grouping
    severity: Severity = "error" if answer == "block" else "warning"
    marks = iter(grouping.marks)
    first: dict[int, tuple[str, int, int]] = {}
    seen: set[int] = set()
    for role, read in files.items():
        for number, at, line in placed_records(read()):
            mark, own = next(marks), stable_fingerprint(line)
            earlier = first.setdefault(mark, (role, number, own))
            if own not in seen and earlier[2] != own:
                _note_pair(partials[role], Findings(specs[role], number, at), role, earlier, severity)
            seen.add(own)
    return grouping


def note_not_compared(partial: Partial, spec: Spec, why: str) -> None:
    """Say that near duplicates were not looked for: a warning, whatever was asked."""
    found = Findings(spec, 0, 0)
    found.add("near_duplicate", "", "", f"not looked for: {why}", severity="warning")
    partial.add(found.faults[0])


def _note_pair(
    partial: Partial, found: Findings, role: str, earlier: tuple[str, int, int], severity: Severity
) -> None:
    other, line, _ = earlier
    said = f"nearly the same as line {line:,}" + (f" of the {other} file" if other != role else "")
    code = "near_duplicate" if other == role else "near_leak"
    found.add(code, "$", f"line {line}", said, severity=severity)
    partial.add(found.faults[0])
