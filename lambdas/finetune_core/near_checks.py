"""Notes records that say nearly the same as another: within a file, and across the files of a dataset.

Made on request: it reads the files two or three times more and costs about 9 s for 60,000 records (see
`near_duplicates`).
"""

from collections.abc import Callable, Iterable, Mapping

from finetune_core.findings import Findings, Spec
from finetune_core.near_duplicates import MOST_RECORDS, group
from finetune_core.partials import Partial
from finetune_core.scanner import stable_fingerprint
from finetune_core.split import numbered_records, records

Read = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file in pieces, each time it is called."""


def check_near_duplicates(
    files: Mapping[str, Read], partials: Mapping[str, Partial], specs: Mapping[str, Spec]
) -> None:
    """Add a warning for each record that is nearly the same as an earlier one; copies are not counted."""
    grouping = group(lambda: (line for read in files.values() for line in records(read())))
    if not grouping.compared:
        role = next(iter(files))
        _note(
            partials[role],
            Findings(specs[role], 0, 0),
            "near_duplicate",
            f"not looked for: more than {MOST_RECORDS:,} records",
        )
        return
    marks = iter(grouping.marks)
    first: dict[int, tuple[str, int, int]] = {}
    seen: set[int] = set()
    for role, read in files.items():
        for number, line in numbered_records(read()):
            mark, own = next(marks), stable_fingerprint(line)
            earlier = first.setdefault(mark, (role, number, own))
            if own not in seen and earlier[2] != own:
                _note_pair(partials[role], Findings(specs[role], number, 0), role, earlier)
            seen.add(own)


def _note_pair(partial: Partial, found: Findings, role: str, earlier: tuple[str, int, int]) -> None:
    other, line, _ = earlier
    if other == role:
        _note(partial, found, "near_duplicate", f"nearly the same as line {line:,}")
    else:
        _note(partial, found, "near_leak", f"nearly the same as line {line:,} of the {other} file")


def _note(partial: Partial, found: Findings, code: str, said: str) -> None:
    found.add(code, "$" if found.line else "", "", said)
    partial.add(found.faults[0])
