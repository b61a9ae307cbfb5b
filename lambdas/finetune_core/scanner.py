"""Scans a byte range of a dataset file: bytes in, one `Partial` out, in constant memory.

Blocks of whole lines go to the fast path, which can only prove that they are faultless. What it does not
accept is taken apart, and a line that it does not accept alone goes to the exact check. So speed never
decides a verdict.
"""

import gc
from array import array
from collections import Counter
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

from xxhash import xxh3_64_digest

from finetune_core.blocks import LONGEST_LINE, Block, BlockReader
from finetune_core.fast_path import FastPath
from finetune_core.faults import Fault
from finetune_core.findings import Findings, Spec
from finetune_core.labels import count_labels
from finetune_core.line_check import WHITE_SPACE, check_line
from finetune_core.partials import REMEMBERED, Partial, length_bucket
from finetune_core.tokens import SAMPLE_EVERY, SAMPLE_HEAD, count_messages, is_sampled, measure

if TYPE_CHECKING:
    from finetune_core.secret_checks import SecretCheck

_BOM: Final = b"\xef\xbb\xbf"
_LENGTHS_KEPT: Final = 65_536
_KEPT_MEMORY: Final = 8 * 1_048_576
_TOGETHER: Final = 16
"""Lines of a block with a doubtful line that are proved together: most of them are faultless."""


def fingerprints(lines: Iterable[bytes]) -> bytes:
    """Return eight bytes for each line, a signed number of this machine, the same in every process."""
    return b"".join(map(xxh3_64_digest, lines))


def stable_fingerprint(line: bytes) -> int:
    """Return the fingerprint of one line."""
    return array("q", fingerprints((line,)))[0]


def _hashes(lines: Iterable[bytes]) -> bytes:
    return array("q", map(hash, lines)).tobytes()


@cache
def _hold_on_to_memory() -> None:
    """Have glibc keep what a block frees for the next one, up to twice these bytes.

    It hands free memory at the top of its heap back to the system at once, and asks for it again, page by
    page, for each block: until something large was freed (mallopt(3), M_MMAP_THRESHOLD, read 2026-11-28).
    The bytes are never touched. Another allocator takes no notice.
    """
    bytes(_KEPT_MEMORY)


def _secret_check(spec: Spec) -> "SecretCheck | None":
    if spec.secrets == "off":
        return None
    from finetune_core.secret_checks import SecretCheck  # noqa: PLC0415 - half a second

    return SecretCheck(spec)


class Scanner:
    """Scans the lines that start within [start, stop) of a file.

    Feed it the file's bytes from `max(start - 1, 0)` on, in pieces of any size, until it is `done` or the
    file ends; then call `finish`. without `stable`, fingerprints cannot be compared between processes.
    """

    def __init__(self, spec: Spec, *, start: int = 0, stop: int | None = None, stable: bool = True) -> None:
        _hold_on_to_memory()
        self._spec = spec
        self._fast = FastPath(spec)
        self._reader = BlockReader(start, stop)
        self._found = Partial(stable=stable, examples=spec.examples)
        self._fingerprints = fingerprints if stable else _hashes
        self._lengths: Counter[int] = Counter()
        self._plain = 0
        self._secrets = _secret_check(spec)

    @property
    def done(self) -> bool:
        """Whether the range's last line has ended: nothing more needs to be fed."""
        return self._reader.done

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        self._take(self._reader.feed(chunk))

    def finish(self) -> Partial:
        """Return what was found. The last line of the file may lack its line end."""
        self._take(self._reader.finish())
        self._lengths.update(self._found.line_sizes[: self._plain])
        self._flush_lengths()
        return self._found

    def _take(self, blocks: Iterable[Block]) -> None:
        collecting = gc.isenabled()
        gc.disable()  # records live for one block and hold no cycles: the collector would only look at them
        try:
            for block in blocks:
                self._found.size += block.size
                if block.overlong:
                    self._note_overlong(block)
                else:
                    self._scan(block)
        finally:
            if collecting:
                gc.enable()
        if len(self._lengths) > _LENGTHS_KEPT:
            self._flush_lengths()

    def _scan(self, block: Block) -> None:
        """Judge a block of whole lines."""
        text = block.lines + b"\n" if block.unfinished else block.lines
        if self._secrets:
            self._secrets.look(BytesIO(block.lines), self._found.lines + 1, block.at, self._found)
        marked = block.at == 0 and text.startswith(_BOM)
        if marked:
            self._note("byte_order_mark", "ef bb bf", "the file starts with a byte order mark", line=1)
            text = text[len(_BOM) :]
        lines = BytesIO(text).readlines()
        sizes = lengths = [*map(len, lines)]
        accepted = self._fast.accept(text, lines)
        if not accepted and b"\r" in text:
            self._note_carriage_returns(text, block.at + len(block.lines) - len(text) + block.unfinished)
            text = text.replace(b"\r\n", b"\n")
            lines = BytesIO(text).readlines()
            lengths = [*map(len, lines)]
            accepted = self._fast.accept(text, lines)
        self._remember(lines, sizes)
        if marked:
            self._found.line_sizes[0] += len(_BOM)
        if accepted:
            self._count(len(lines), len(text))
            if sizes is lengths and not marked and self._plain == len(self._found.line_sizes) - len(lines):
                self._plain += len(lines)  # their lengths are counted all at once, from the sizes
            else:
                self._lengths.update(lengths)
            self._sample(block.lines, block.at)
        else:
            self._take_apart(block, lines)

    def _remember(self, lines: list[bytes], sizes: list[int]) -> None:
        """Keep what tells lines apart, and where they are."""
        found = self._found
        if found.labels is not None:
            count_labels(lines, self._spec.format, found)
        if len(found.fingerprints) < REMEMBERED:
            found.fingerprints.frombytes(self._fingerprints(lines))
            found.line_sizes.fromlist(sizes)

    def _take_apart(self, block: Block, lines: list[bytes]) -> None:
        """Judge a block that was not accepted whole, a few lines at a time, then line by line."""
        at, last = block.at, len(lines) - 1
        originals = BytesIO(block.lines).readlines()  # as they are in the file, for offsets and samples
        for first in range(0, len(lines), _TOGETHER):
            piece, kept = lines[first : first + _TOGETHER], originals[first : first + _TOGETHER]
            text = b"".join(piece)
            if self._fast.accept(text, piece):
                self._accept([*map(len, piece)], len(text))
                self._sample(b"".join(kept), at)
                at += sum(map(len, kept))
                continue
            for index, (line, original) in enumerate(zip(piece, kept, strict=True), first):
                self._scan_line(line, original, at, unfinished=block.unfinished and index == last)
                at += len(original)

    def _scan_line(self, line: bytes, original: bytes, at: int, *, unfinished: bool) -> None:
        """Judge one line, exactly if need be. `original` is the line as it is in the file, at offset `at`."""
        if not self._fast.accept_line(line):
            number = self._found.lines + 1
            result = check_line(line.rstrip(WHITE_SPACE), self._spec, number, at, unfinished=unfinished)
            for fault in result.faults:
                self._found.add(fault)
            if not result.record:
                self._found.lines += 1
                if number <= len(self._found.fingerprints):
                    self._found.fingerprints[number - 1] = 0
                return
            for kind, count in result.media.items():
                self._found.media[kind] = self._found.media.get(kind, 0) + count
        self._accept([len(line)], len(line))
        if is_sampled(at, len(original)):
            self._measure(original)

    def _accept(self, lengths: list[int], size: int) -> None:
        """Count records and their lengths."""
        self._count(len(lengths), size)
        self._lengths.update(lengths)

    def _count(self, records: int, size: int) -> None:
        """Count records."""
        found = self._found
        found.lines += records
        found.records += records
        found.json_size += size

    def _sample(self, block: bytes, at: int) -> None:
        """Measure the lines of a block at offset `at` that `is_sampled` names, passing over the others."""
        start = 0
        if at < SAMPLE_HEAD:
            start = block.find(b"\n", max(SAMPLE_HEAD - at - 1, 0)) + 1 or len(block)
            self._measure(block[:start])
        boundary = (at + start) // SAMPLE_EVERY * SAMPLE_EVERY + SAMPLE_EVERY
        while (inside := boundary - at) <= len(block):
            begin = max(block.rfind(b"\n", 0, inside - 1) + 1, start)
            start = block.find(b"\n", inside - 1) + 1 or len(block)
            self._measure(block[begin:start])
            boundary = (at + start) // SAMPLE_EVERY * SAMPLE_EVERY + SAMPLE_EVERY

    def _measure(self, lines: bytes) -> None:
        if b"\r" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        characters, further = measure(lines)
        self._found.sampled += len(lines)
        self._found.characters += characters
        self._found.further_bytes += further
        self._found.messages += count_messages(self._spec.format, lines)

    def _flush_lengths(self) -> None:
        """Fold the lengths seen since the last time into the histogram."""
        found = self._found
        for length, count in self._lengths.items():
            bucket = length_bucket(length)
            found.lengths[bucket] = found.lengths.get(bucket, 0) + count
        found.longest = max(found.longest, max(self._lengths, default=0))
        self._lengths.clear()

    def _note(self, code: str, value: object, said: str, *, line: int, at: int = 0) -> Fault:
        finding = Findings(self._spec, line, at)
        finding.add(code, "$", value, said)
        self._found.add(finding.faults[0])
        return finding.faults[0]

    def _note_overlong(self, block: Block) -> None:
        """Count a line that was too long to read as one faulty record."""
        said = f"the line has {block.size:,} bytes; no model takes more than {LONGEST_LINE:,}"
        self._note("line_too_long", block.size, said, line=self._found.lines + 1, at=block.at)
        self._found.lines += 1
        self._found.records += 1
        self._found.longest = max(self._found.longest, block.size)
        if len(self._found.fingerprints) < REMEMBERED:
            self._found.fingerprints.append(0)
            self._found.line_sizes.append(block.size)

    def _note_carriage_returns(self, text: bytes, at: int) -> None:
        """Count the lines that end with a carriage return, as one fault each; `text` lies at offset `at`."""
        said = "the line ends with \\r\\n"
        tally = self._found.tally("carriage_return", "warning")
        for number, line in enumerate(BytesIO(text), self._found.lines + 1):
            if line.endswith(b"\r\n"):
                if tally.count < tally.most:
                    self._note("carriage_return", "\\r\\n", said, line=number, at=at)
                else:
                    tally.count += 1
                    tally.add_lines(number, number)
            at += len(line)
