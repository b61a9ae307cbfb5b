"""Splits a dataset's training file into training, validation and evaluation by the content of each record.

A record's side follows from a hash of its own bytes: the same file always splits the same way, copies of a
record stay on one side, and records added later do not shuffle the others. Evaluation takes the records with
the lowest hashes, validation those with the highest; as data is added only the records at the two bounds
can move, and only to or from the training side, never between evaluation and validation.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Final, Literal

from msgspec import Struct

from finetune_core.line_check import WHITE_SPACE
from finetune_core.model_rules import KindRules
from finetune_core.scanner import stable_fingerprint

Side = Literal["train", "validation", "evaluation"]

MOST_EVALUATION: Final = 0.2
"""Largest share of the records that evaluation may take."""

_LOWEST: Final = -(1 << 63)
_HIGHEST: Final = (1 << 63) - 1
_BOM: Final = b"\xef\xbb\xbf"


class SplitPlan(Struct, frozen=True):
    """Where the bounds lie: fingerprints up to `evaluation_to` evaluate, from `validation_from` on validate.

    The counts are exact for the file planned for; `notes` say what was asked for and could not be had.
    `moved` gives, for the records of a group of near duplicates, the fingerprint that decides for them all.
    """

    evaluation_to: int
    validation_from: int
    train: int
    validation: int
    evaluation: int
    notes: tuple[str, ...] = ()
    moved: dict[int, int] = {}

    def side(self, fingerprint: int) -> Side:
        """Return the side of a record by its fingerprint."""
        fingerprint = self.moved.get(fingerprint, fingerprint)
        if fingerprint <= self.evaluation_to:
            return "evaluation"
        return "validation" if fingerprint >= self.validation_from else "train"


def plan_split(
    fingerprints: Iterable[int],
    rules: KindRules,
    *,
    validation_fraction: float = 0.0,
    evaluation_records: int = 0,
    moved: dict[int, int] | None = None,
) -> SplitPlan:
    """Plan the split of a file from the stable fingerprints of its lines (0 for lines without a record).

    Training keeps the model's minimum whatever was asked for; validation is left out when it would fall
    below the model's minimum or the model takes none. Pass 0 for a side that has its own file. `moved` as in
    `SplitPlan`.
    """
    moved = moved or {}
    marks = sorted(moved.get(mark, mark) for mark in fingerprints if mark)
    notes: list[str] = []
    spare = max(len(marks) - rules.records_min.value, 0)
    evaluation = _evaluation_size(len(marks), spare, evaluation_records, notes)
    evaluation = _whole_groups_below(marks, evaluation)
    wanted = _validation_size(len(marks), spare - evaluation, rules, validation_fraction, notes)
    validation = _whole_groups_above(marks, wanted)
    return SplitPlan(
        evaluation_to=marks[evaluation - 1] if evaluation else _LOWEST - 1,
        validation_from=marks[-validation] if validation else _HIGHEST + 1,
        train=len(marks) - evaluation - validation,
        validation=validation,
        evaluation=evaluation,
        notes=tuple(notes),
        moved=moved,
    )


def split_lines(chunks: Iterable[bytes], plan: SplitPlan) -> Iterator[tuple[Side, bytes]]:
    """Yield each record with its side, as a line ending in \\n, without blank lines and byte order mark."""
    for line in records(chunks):
        yield plan.side(stable_fingerprint(line)), line


def fingerprints(chunks: Iterable[bytes]) -> Iterator[int]:
    """Yield the fingerprint of each record of a file, as `plan_split` wants them."""
    return map(stable_fingerprint, records(chunks))


def records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the non-blank lines of a file, each ending in \\n alone; `chunks` may be of any size."""
    return (line for _, _, line in placed_records(chunks))


def placed_records(chunks: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the records as `records` does, each with its line's number, from 1, and the byte it begins at."""
    at = 0
    for number, line in enumerate(_lines(chunks), 1):
        record = line.removeprefix(_BOM) if number == 1 else line
        if record.strip(WHITE_SPACE):
            yield number, at, record.removesuffix(b"\n").removesuffix(b"\r") + b"\n"
        at += len(line)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file as they are."""
    tail: list[bytes] = []
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        tail.append(chunk[:end] if end else chunk)
        if not end:
            continue
        block = b"".join(tail)
        tail = [chunk[end:]]
        yield from BytesIO(block)
    yield from BytesIO(b"".join(tail))


def _evaluation_size(total: int, spare: int, asked: int, notes: list[str]) -> int:
    size = min(asked, int(total * MOST_EVALUATION), spare)
    if size < asked:
        notes.append(f"evaluation takes {size} records instead of {asked}: the dataset has {total:,}")
    return max(size, 0)


def _validation_size(total: int, spare: int, rules: KindRules, fraction: float, notes: list[str]) -> int:
    if fraction <= 0:
        return 0
    if rules.validation_file == "refused":
        notes.append("no validation split: the model takes no validation file")
        return 0
    most = rules.validation_records_max
    size = min(round(total * fraction), spare, (most.strict or most.value) if most else total)
    least = rules.validation_records_min
    needed = (least.strict or least.value) if least else 1
    if size < needed:
        notes.append(
            f"no validation split: {max(size, 0)} records could be spared, at least {needed} are needed"
        )
        return 0
    return size


def _whole_groups_below(marks: list[int], size: int) -> int:
    """Return the largest count ≤ size from the low end that parts no copies of a record."""
    if 0 < size < len(marks) and marks[size] == marks[size - 1]:
        return bisect_left(marks, marks[size])
    return size


def _whole_groups_above(marks: list[int], size: int) -> int:
    """Return the largest count ≤ size from the high end that parts no copies of a record."""
    if 0 < size < len(marks) and marks[-size] == marks[-size - 1]:
        return len(marks) - bisect_right(marks, marks[-size])
    return size
