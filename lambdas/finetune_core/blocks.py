"""Cuts a stream of bytes into blocks of whole lines, for one byte range of a file.

A line belongs to the range that holds its first byte. A line that grows too long is not kept: only its place
and size are told.
"""

from collections.abc import Iterator
from io import FileIO
from typing import Final

from msgspec import Struct

BLOCK: Final = 196_608
"""Bytes handled at once: large beside what a block costs in itself, small beside the processor's cache."""

LONGEST_LINE: Final = 8 * 1_048_576
"""Bytes. A longer line is not read as a record: no model takes one, and memory stays bounded."""

_NEAR: Final = 4_096
"""Bytes before a piece's end in which a line end is looked for."""


def pieces(file: FileIO) -> Iterator[bytes]:
    """Yield a file's bytes from its position on in pieces of at most `BLOCK` bytes.

    A piece ends with a line where a line ends near: such a piece is a block as it is, and never copied.
    """
    at = file.tell()
    while True:
        file.seek(at + BLOCK - _NEAR)
        near = file.read(_NEAR).rfind(b"\n") + 1
        file.seek(at)
        piece = file.read(BLOCK - _NEAR + near if near else BLOCK)
        if not piece:
            return
        at += len(piece)
        yield piece


class Block(Struct, frozen=True, gc=False):
    """Whole lines at offset `at`. `overlong` lines come alone, without their bytes, `size` bytes long.

    `unfinished` says that the last line ends with the file and not with a line end.
    """

    at: int
    lines: bytes
    size: int
    unfinished: bool = False
    overlong: bool = False


class BlockReader:
    """Takes bytes from `max(start - 1, 0)` on; gives blocks of the lines that start in [start, stop)."""

    def __init__(self, start: int = 0, stop: int | None = None) -> None:
        self._stop = stop
        self._skipping = start > 0  # the line that began before the range is its neighbour's
        self._at = max(start - 1, 0)  # offset of what is pending
        self._parts: list[bytes | memoryview] = []
        self._pending = 0
        self.done = False

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Take the next bytes; yield the lines that they complete."""
        view = memoryview(chunk)
        for at in range(0, len(chunk), BLOCK):
            if self.done:
                return
            stop = at + BLOCK
            end = chunk.rfind(b"\n", at, stop) + 1
            if end and self._pending > LONGEST_LINE:
                first = chunk.find(b"\n", at, stop) + 1
                self._keep(view[at:first])
                yield from self._complete(unfinished=False)
                at = first  # noqa: PLW2901 - the rest of the piece
            if end > at:
                whole = at == 0 and end == len(chunk)
                self._keep(chunk if whole else view[at:end])  # joined to what is pending in one copy
                yield from self._complete(unfinished=False)
                at = end  # noqa: PLW2901
            self._keep(chunk[at:stop])

    def finish(self) -> Iterator[Block]:
        """Yield the file's last line if it has no line end."""
        if self._pending and not self.done:
            yield from self._complete(unfinished=True)

    def _keep(self, piece: bytes | memoryview) -> None:
        """Remember the start of a line, but not more of it than a line may have."""
        self._pending += len(piece)
        if self._pending > LONGEST_LINE:
            self._parts = []
        elif piece:
            self._parts.append(piece)

    def _complete(self, *, unfinished: bool) -> Iterator[Block]:
        """Yield what is pending, as far as it belongs to the range."""
        lines = b"".join(self._parts)
        at, size = self._at, self._pending
        self._parts, self._pending = [], 0
        self._at += size
        overlong = size > LONGEST_LINE
        if self._skipping:
            self._skipping = False
            first = size if overlong else lines.find(b"\n") + 1 or size
            at, size, lines, overlong = at + first, size - first, lines[first:], False
        if not size:
            return
        if self._stop is not None and at + size > self._stop:
            lines, size = self._cut(lines, at, size, self._stop)
        if size:
            yield Block(at, lines, size, unfinished=unfinished, overlong=overlong)

    def _cut(self, lines: bytes, at: int, size: int, stop: int) -> tuple[bytes, int]:
        """Drop the lines that start at `stop` or later."""
        if at >= stop:
            self.done = True
            return b"", 0
        end = lines.find(b"\n", stop - at - 1) + 1
        if lines and end and end < size:
            self.done = True
            return lines[:end], end
        return lines, size
