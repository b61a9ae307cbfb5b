"""What the scan of one byte range of a file found, and how neighbouring ranges are joined.

A `Partial` does not depend on where its range was cut: joined in order, the partials of any cutting of a
file give the same whole. Lines are counted from the range's own start until they are joined.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
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
"""Lines whose fingerprints are kept for finding duplicates: more than any model takes (500,000)."""


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


class Partial(Struct):
    """The result of scanning one byte range.

    `json_size` is `size` without carriage returns and line ends of blank lines; `characters`,
    `further_bytes` and `messages` are as in `tokens`, over a sample of lines of `sampled` bytes in all;
    `lengths` counts records by `length_bucket`; `fingerprints` has one signed 64-bit number per line, 0 for
    lines without a record. `stable` tells whether these can be compared with those of another process.
    `media` counts images, videos and documents, `labels` the records by answer where answers are labels: None
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
    labels: dict[str, int] | None = {}
    fingerprints: "array[int]" = msgspec.field(default_factory=lambda: array("q"))

    def tally(self, code: str, severity: Severity) -> Tally:
        """Return the tally of a code and severity, new if there was none."""
        key = f"{code}:{severity}"
        if key not in self.tallies:
            self.tallies[key] = Tally(code, severity, most=self.examples)
        return self.tallies[key]

    def count_label(self, label: str, number: int = 1) -> None:
        """Count records with this answer; forget all answers when they are too many to be labels."""
        if self.labels is None:
            return
        self.labels[label] = self.labels.get(label, 0) + number
        if len(self.labels) > MOST_LABELS:
            self.labels = None

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
    for label, number in (part.labels or {}).items():
        whole.count_label(label, number)


def _join(whole: Tally, part: Tally, offset: int) -> None:
    """Add the tally of a range that starts after `offset` lines."""
    whole.count += part.count
    for fault in part.examples[: whole.most - len(whole.examples)]:
        moved = fault.line + offset if fault.line else 0
        whole.examples.append(msgspec.structs.replace(fault, line=moved))
    for first, last in zip(part.ranges[::2], part.ranges[1::2], strict=True):
        whole.add_lines(first + offset, last + offset)
    whole.cut = whole.cut or part.cut


def length_bucket(length: int) -> int:
    """Return the bucket of a length in bytes: four to each doubling."""
    bits = length.bit_length()
    return bits * 4 + ((length >> (bits - 3)) & 3 if bits > 2 else 0)


def bucket_start(bucket: int) -> int:
    """Return the least length of a bucket."""
    bits, quarter = divmod(bucket, 4)
    return (4 + quarter) << (bits - 3) if bits > 2 else (1 << bits) >> 1
