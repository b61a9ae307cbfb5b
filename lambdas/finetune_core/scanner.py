"""Scans a byte range of a dataset file: lines in, one `Partial` out, in constant memory.

Blocks of whole lines go to the fast path, which can only prove that they are faultless. What it does not
accept is looked at line by line, and what is still not accepted goes to the exact check. So speed never
decides a verdict.
"""

from array import array
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from io import BytesIO
from itertools import accumulate
from typing import Final

from finetune_core.fast_path import FastPath
from finetune_core.findings import Findings, Spec
from finetune_core.line_check import LONGEST_LINE, WHITE_SPACE, check_line
from finetune_core.partials import REMEMBERED, Partial, length_bucket
from finetune_core.tokens import measure

BLOCK: Final = 65_536
"""Bytes handled at once: fits the processor's cache; larger blocks are slower."""

_BOM: Final = b"\xef\xbb\xbf"
_LENGTHS_KEPT: Final = 65_536


def stable_fingerprint(line: bytes) -> int:
    """Return a signed 64-bit number of a line that is the same in every process."""
    return int.from_bytes(blake2b(line, digest_size=8).digest(), "little", signed=True)


class Scanner:
    """Scans the lines that start within [start, stop) of a file.

    Feed it the file's bytes from `max(start - 1, 0)` on, in pieces of any size, at least to the end of the
    line that holds byte `stop - 1`; then call `finish`. `stable` asks for fingerprints that can be compared
    between processes; without it they are several times cheaper.
    """

    def __init__(self, spec: Spec, *, start: int = 0, stop: int | None = None, stable: bool = False) -> None:
        self._spec = spec
        self._fast = FastPath(spec)
        self._stop = stop
        self._found = Partial(stable=stable)
        self._fingerprint: Callable[[bytes], int] = stable_fingerprint if stable else hash
        self._lengths = array("L")
        self._skipping = start > 0  # the line that started before the range is its neighbour's
        self._at = max(start - 1, 0)  # offset of the first byte of `_tail`
        self._first = start == 0
        self._tail = b""
        self._parts: list[bytes] = []
        self._overlong = 0
        self.done = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        for at in range(0, len(chunk), BLOCK):
            if self.done:
                return
            self._take(chunk[at : at + BLOCK] if len(chunk) > BLOCK else chunk)

    def finish(self) -> Partial:
        """Return what was found. The last line may lack its line end."""
        rest = b"".join(self._parts)
        if rest and not self.done and not self._skipping:
            self._cut_block(rest, unfinished=True)
        elif self._overlong and not self.done:
            self._end_overlong(0)
        self._flush_lengths()
        return self._found

    def _take(self, piece: bytes) -> None:
        end = piece.rfind(b"\n") + 1
        if not end:
            self._keep(piece)
            return
        if self._overlong:
            first = piece.find(b"\n") + 1
            self._end_overlong(first)
            piece, end = piece[first:], end - first
        if self._parts:
            self._parts.append(piece[:end])
            block = b"".join(self._parts)
            self._parts = []
        else:
            block = piece[:end]
        self._kept = 0
        if end < len(piece):
            self._keep(piece[end:])
        if self._skipping and block:
            first = block.find(b"\n") + 1
            self._skipping = False
            self._at += first
            block = block[first:]
        if block:
            self._cut_block(block)

    _kept = 0

    def _keep(self, piece: bytes) -> None:
        """Remember the start of a line; give up on a line that grows too long."""
        if self._overlong:
            self._overlong += len(piece)
            return
        self._parts.append(piece)
        self._kept += len(piece)
        if self._kept > LONGEST_LINE:
            self._overlong = self._kept
            self._parts = []
            self._kept = 0

    def _end_overlong(self, more: int) -> None:
        """Account for a line that was too long to read; `more` of its bytes were in the last piece."""
        size = self._overlong + more
        self._overlong = 0
        start, self._at = self._at, self._at + size
        if self._skipping:
            self._skipping = False
            return
        if self._stop is not None and start >= self._stop:
            self.done = True
            return
        found = self._found
        found.lines += 1
        found.records += 1
        found.size += size
        found.longest = max(found.longest, size)
        finding = Findings(self._spec, found.lines, start)
        finding.add(
            "line_too_long",
            "$",
            size,
            f"the line has {size:,} bytes; no model takes more than {LONGEST_LINE:,}",
        )
        found.add(finding.faults[0])
        self._remember([0])
        self._first = False

    def _cut_block(self, block: bytes, *, unfinished: bool = False) -> None:
        """Keep the lines of a block that start before the range's end."""
        if self._stop is not None:
            room = self._stop - self._at
            if room <= 0:
                self.done = True
                return
            if room < len(block):
                end = block.find(b"\n", room - 1) + 1
                if end and end < len(block):
                    block, self.done = block[:end], True
        self._scan(block, unfinished=unfinished)
        self._at += len(block)
        self._found.size += len(block)

    def _scan(self, block: bytes, *, unfinished: bool) -> None:
        """Judge a block of whole lines (the last may lack its line end if `unfinished`)."""
        original = block
        if self._first:
            self._first = False
            if block.startswith(_BOM):
                self._note_bom()
                block = block[len(_BOM) :]
        if unfinished:
            block += b"\n"
        if b"\r" in block:
            self._note_carriage_returns(block)
            block = block.replace(b"\r\n", b"\n")
        lines = list(BytesIO(block))
        found = self._found
        messages = self._fast.accept(block, lines)
        self._remember(map(self._fingerprint, lines) if len(found.fingerprints) < REMEMBERED else ())
        if messages is None:
            self._scan_lines(lines, list(BytesIO(original)), unfinished=unfinished)
            return
        found.lines += len(lines)
        found.records += len(lines)
        found.messages += messages
        self._measure(block, lines)

    def _scan_lines(self, lines: list[bytes], originals: list[bytes], *, unfinished: bool) -> None:
        """Judge line by line. `originals` are the lines as they are in the file, for their offsets."""
        found = self._found
        first = found.lines
        offsets = accumulate(map(len, originals), initial=self._at)
        for index, (line, offset) in enumerate(zip(lines, offsets, strict=False)):
            found.lines += 1
            messages = self._fast.accept_line(line)
            if messages is None:
                last = unfinished and index == len(lines) - 1
                result = check_line(
                    line.rstrip(WHITE_SPACE), self._spec, found.lines, offset, unfinished=last
                )
                for fault in result.faults:
                    found.add(fault)
                if not result.record:
                    if first + index < len(found.fingerprints):
                        found.fingerprints[first + index] = 0
                    continue
                messages = result.messages
            found.records += 1
            found.messages += messages
            self._measure(line, [line])

    def _measure(self, block: bytes, lines: list[bytes]) -> None:
        characters, further = measure(block)
        self._found.characters += characters
        self._found.further_bytes += further
        self._lengths.extend(map(len, lines))
        if len(self._lengths) > _LENGTHS_KEPT:
            self._flush_lengths()

    def _flush_lengths(self) -> None:
        """Fold the lengths seen since the last time into the histogram."""
        found = self._found
        for length, count in Counter(self._lengths).items():
            bucket = length_bucket(length)
            found.lengths[bucket] = found.lengths.get(bucket, 0) + count
            found.longest = max(found.longest, length)
        self._lengths = array("L")

    def _remember(self, fingerprints: "map[int] | list[int] | tuple[()]") -> None:
        self._found.fingerprints.extend(fingerprints)

    def _note_bom(self) -> None:
        finding = Findings(self._spec, 1, 0)
        finding.add("byte_order_mark", "", "ef bb bf", "the file starts with a byte order mark")
        self._found.add(finding.faults[0])

    def _note_carriage_returns(self, block: bytes) -> None:
        """Count the lines that end with a carriage return, as one fault each."""
        tally = self._found.tally("carriage_return", "warning")
        for index, line in enumerate(block.split(b"\n")[:-1], self._found.lines + 1):
            if not line.endswith(b"\r"):
                continue
            if tally.count == 0:
                finding = Findings(self._spec, index, self._at)
                finding.add("carriage_return", "", "\\r\\n", "the line ends with \\r\\n")
                tally.add(finding.faults[0])
            else:
                tally.count += 1
                tally.add_lines(index, index)
