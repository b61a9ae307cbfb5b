"""What the scan of one byte range of a file found, and how neighbouring ranges are joined.

A `Partial` does not depend on where its range was cut: joined in order, the partials of any cutting of a
file give the same whole. Lines are counted from the range's own start until they are joined.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct

from finetune_core.faults import Fault, Severity

EXAMPLES: Final = 5
"""Faults shown per code and severity, unless another number is asked for."""

MOST_LABELS: Final = 64
"""Distinct answers up to which a file's answers are taken for labels."""

MOST_RANGES: Final = 50_000
"""Ranges of faulty lines remembered per code; beyond it only the count goes on."""

REMEMBERED: Final = 600_000
"""Lines whose fingerprints and sizes are kept, to find duplicates and to name places: more than any model
takes (500,000)."""

LABEL_LINES: Final = 1_000
"""Lines remembered per label."""


class Tally(Struct):
    """All faults of one code and severity: their number, the first few, and the lines they are in.

    `ranges` holds first and last line of each run of faulty lines, flat; `cut` says that there were more.
    At most `most` examples are kept.
    """

    code: str
    severity: Severity
    count: int = 0
    examples: list[Fault] = []
    ranges: list[int] = []
    cut: bool = False
    most: int = EXAMPLES

    def add(self, fault: Fault) -> None:
        """Count one fault."""
        self.count += 1
        if len(self.examples) < self.most:
            self.examples.append(fault)
        if fault.line:
            self.add_lines(fault.line, fault.line)

    def add_lines(self, first: int, last: int) -> None:
        """Note that the lines from `first` to `last` are faulty; lines come in order."""
        if self.ranges and first <= self.ranges[-1] + 1:
            self.ranges[-1] = max(last, self.ranges[-1])
        elif len(self.ranges) < 2 * MOST_RANGES:
            self.ranges += (first, last)
        else:
            self.cut = True


class Label(Struct):
    """The records with one answer: their number and the first of their lines."""

    count: int = 0
    lines: list[int] = []


class Partial(Struct):
    """The result of scanning one byte range.

    `json_size` is `size` without carriage returns and line ends of blank lines; `characters`,
    `further_bytes` and `messages` are as in `tokens`, over a sample of lines of `sampled` bytes in all;
    `lengths` counts records by `length_bucket`; `fingerprints` has one signed 64-bit number per line, 0 for
    lines without a record. `stable` tells whether these can be compared with those of another process.
    `line_sizes` has the bytes of each line with its line end, as far as fingerprints go. `media` counts
    images, videos and documents, `labels` has the lines of records by answer where answers are labels: None
    once there are too many of them.
    """

    stable: bool = False
    examples: int = EXAMPLES
    lines: int = 0
    records: int = 0
    size: int = 0
    json_size: int = 0
    sampled: int = 0
    characters: int = 0
    further_bytes: int = 0
    messages: int = 0
    longest: int = 0
    lengths: dict[int, int] = {}
    tallies: dict[str, Tally] = {}
    media: dict[str, int] = {}
    labels: dict[str, Label] | None = {}
    fingerprints: "array[int]" = msgspec.field(default_factory=lambda: array("q"))
    line_sizes: "array[int]" = msgspec.field(default_factory=lambda: array("Q"))  # filled faster than "q"

    def tally(self, code: str, severity: Severity) -> Tally:
        """Return the tally of a code and severity, new if there was none."""
        key = f"{code}:{severity}"
        if key not in self.tallies:
            self.tallies[key] = Tally(code, severity, most=self.examples)
        return self.tallies[key]

    def count_label(self, label: str, lines: Iterable[int], number: int = 1) -> None:
        """Count records with this answer; forget all answers when they are too many to be labels."""
        if self.labels is None:
            return
        counted = self.labels.setdefault(label, Label())
        counted.count += number
        counted.lines.extend(islice(lines, LABEL_LINES - len(counted.lines)))
        if len(self.labels) > MOST_LABELS:
            self.labels = None

    def offset(self, line: int) -> int:
        """Return the byte at which a line (from 1) of a whole file begins; 0 if that is not known."""
        return sum(self.line_sizes[: line - 1]) if 0 < line <= len(self.line_sizes) else 0

    def add(self, fault: Fault) -> None:
        """Count a fault."""
        self.tally(fault.code, fault.severity).add(fault)

    @property
    def errors(self) -> int:
        """Faults that make the dataset invalid."""
        return sum(tally.count for tally in self.tallies.values() if tally.severity == "error")


def merge(partials: Iterable[Partial]) -> Partial:
    """Join the partials of neighbouring ranges, given in the order of the file."""
    whole = Partial()
    lengths: Counter[int] = Counter()
    media: Counter[str] = Counter()
    for part in partials:
        whole.examples = part.examples
        _join_labels(whole, part)
        for tally in part.tallies.values():
            _join(whole.tally(tally.code, tally.severity), tally, whole.lines)
        room = REMEMBERED - len(whole.fingerprints)
        whole.fingerprints.extend(part.fingerprints[:room])
        whole.line_sizes.extend(part.line_sizes[:room])
        lengths.update(part.lengths)
        media.update(part.media)
        whole.stable = part.stable
        whole.lines += part.lines
        whole.records += part.records
        whole.size += part.size
        whole.json_size += part.json_size
        whole.sampled += part.sampled
        whole.characters += part.characters
        whole.further_bytes += part.further_bytes
        whole.messages += part.messages
        whole.longest = max(whole.longest, part.longest)
    whole.lengths, whole.media = dict(lengths), dict(media)
    return whole


def _join_labels(whole: Partial, part: Partial) -> None:
    if part.labels is None:
        whole.labels = None
    for answer, label in (part.labels or {}).items():
        whole.count_label(answer, (line + whole.lines for line in label.lines), label.count)


def _join(whole: Tally, part: Tally, offset: int) -> None:
    """Add the tally of a range that starts after `offset` lines."""
    whole.count += part.count
    for fault in part.examples[: whole.most - len(whole.examples)]:
        moved = fault.line + offset if fault.line else 0
        whole.examples.append(msgspec.structs.replace(fault, line=moved))
    for first, last in zip(part.ranges[::2], part.ranges[1::2], strict=True):
        whole.add_lines(first + offset, last + offset)
    whole.cut = whole.cut or part.cut


def json_lengths(partial: Partial) -> "array[int]":
    """Return the bytes of each line of a whole file without byte order mark and carriage return."""
    lengths = partial.line_sizes[:]
    if lengths and "byte_order_mark:error" in partial.tallies:
        lengths[0] -= 3
    ended = partial.tallies.get("carriage_return:warning", Tally("carriage_return", "warning")).ranges
    for first, last in zip(ended[::2], ended[1::2], strict=True):
        for line in range(first, min(last, len(lengths)) + 1):
            lengths[line - 1] -= 1
    return lengths


def length_bucket(length: int) -> int:
    """Return the bucket of a length in bytes: four to each doubling."""
    bits = length.bit_length()
    return bits * 4 + ((length >> (bits - 3)) & 3 if bits > 2 else 0)


def bucket_start(bucket: int) -> int:
    """Return the least length of a bucket."""
    bits, quarter = divmod(bucket, 4)
    return (4 + quarter) << (bits - 3) if bits > 2 else (1 << bits) >> 1
