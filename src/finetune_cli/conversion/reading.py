"""Files → items, one record at a time: JSON lines, JSON arrays, CSV, TSV and Parquet, gzipped or not.

Constant memory: a line, an array element or a cell has at most `LARGEST` bytes; Parquet comes in batches.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from finetune_cli.conversion.strict_json import NotJsonError, StrictDecoder, repeated_keys
from finetune_cli.errors import CommandError
from finetune_core.sniff import signature

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of the largest record that is read; Bedrock's own limits are far below."""
CONTAINERS: Final = ("jsonl", "json", "csv", "tsv", "parquet")

_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_decode: Final = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Item:
    """One record of the input: its line and number (both from 1), its value, or why there is none.

    `fault` is a kind of `losses.KINDS`, "" when the record could be read; `value` then says more. `repeated`
    are keys that the record gives twice: `value` has the last of each.
    """

    line: int
    number: int
    value: Any
    fault: str = ""
    repeated: tuple[str, ...] = ()


def container_of(path: Path) -> str:
    """The container of a file, by its first bytes and, for tables, by its name.

    Raises:
        CommandError: it is no text: an archive, an image, UTF-16.
    """
    with _undamaged(path), _opened(path) as stream:
        head = stream.read(4096)
    names = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    suffix = names[-1] if names else ""
    if head[:4] == b"PAR1":
        return "parquet"
    if foreign := signature(head):
        said = foreign.message[0].upper() + foreign.message[1:]
        raise CommandError(f"{said}.", where=str(path), do="Unpack it, or save it as UTF-8 text or Parquet.")
    if suffix in {".csv", ".tsv"}:
        return suffix[1:]
    start = head.removeprefix(_BOM).lstrip()
    if start.startswith(b"["):
        return "json"
    indented = start.split(b"\n", 1)[0].strip() == b"{"
    return "json" if indented else "jsonl"


def read(path: Path, container: str) -> Iterator[Item]:
    """All items of a file.

    Raises:
        CommandError: the file as a whole cannot be read: an array that breaks off, a table without header …
    """
    if container == "parquet":
        yield from _parquet(path)
        return
    with _undamaged(path), _opened(path) as stream:
        if container in {"csv", "tsv"}:
            yield from _table(stream, container, path)
        else:
            yield from _lines(stream) if container == "jsonl" else _elements(stream, path)


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """Turn what gzip says of a damaged file into a message."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CommandError(
            f"The gzip file is damaged: {error}.", where=str(path), do="Pack it anew."
        ) from None


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _lines(stream: IO[bytes]) -> Iterator[Item]:
    number = 0
    for at, raw in enumerate(_bounded_lines(stream), 1):
        line = raw.removeprefix(_BOM) if at == 1 else raw
        if not line.strip():
            continue
        number += 1
        yield _parsed(line, at, number)


def _bounded_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one over `LARGEST` only its first bytes, which then are not JSON."""
    while line := stream.readline(LARGEST):
        yield line
        while line and not line.endswith(b"\n") and len(line) == LARGEST:
            line = stream.readline(LARGEST)


def _parsed(line: bytes, at: int, number: int) -> Item:
    try:
        return Item(at, number, _decode(line), repeated=repeated_keys(line))
    except msgspec.DecodeError as error:
        if len(line) >= LARGEST:
            return Item(at, number, f"longer than {LARGEST:,} bytes", "broken-json")
        return Item(at, number, str(error), "broken-json")
    except UnicodeDecodeError as error:
        return Item(at, number, f"byte {error.start} of the line", "not-utf8")


def _elements(stream: IO[bytes], path: Path) -> Iterator[Item]:
    """The elements of an array, or JSON values one after the other, however they are broken into lines."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        yield from _Scanner(text, path).items()
    except UnicodeDecodeError as error:
        raise CommandError(
            f"The file is not UTF-8: {error.reason}.", where=str(path), do="Save it as UTF-8."
        ) from None


class _Scanner:
    """Cuts JSON values out of a text that is read in pieces; holds one value and one piece at most."""

    def __init__(self, text: IO[str], path: Path) -> None:
        self._text, self._path = text, path
        self._buffer, self._at, self._line, self._end = "", 0, 1, False
        self._decoder = StrictDecoder()

    def items(self) -> Iterator[Item]:
        array = self._peek() == "["
        if array:
            self._at += 1
        number = 0
        while (sign := self._peek()) and sign != "]":
            number += 1
            line = self._line
            value = self._value()
            yield Item(line, number, value, repeated=tuple(self._decoder.repeated))
            if array and not self._comma():
                break
        if array and self._peek() != "]":
            self._refuse("The array is not closed")

    def _peek(self) -> str:
        """The next character that is not space, "" at the end of the file."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._advance(found.end() if found else self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _comma(self) -> bool:
        sign = self._peek()
        if sign == ",":
            self._at += 1
            return True
        if sign != "]":
            self._refuse("There is no comma or ] after an element" if sign else "The array is not closed")
        return False

    def _value(self) -> Any:  # noqa: ANN401 - JSON of any shape
        wanted = _CHUNK
        while True:
            try:
                value, end = self._decoder.decode(self._buffer, self._at)
                if end < len(self._buffer) or not self._more(wanted):
                    self._advance(end)
                    return value
            except json.JSONDecodeError as error:
                if len(self._buffer) - self._at > LARGEST:
                    self._refuse(f"One element is broken, or longer than {LARGEST:,} characters: {error.msg}")
                if not self._more(wanted):
                    self._line += self._buffer.count("\n", self._at, error.pos)
                    self._refuse(f"An element is broken: {error.msg}")
            except NotJsonError as error:
                self._refuse(f"An element is broken: {error}")
            except RecursionError:
                self._refuse("An element is nested too deeply")
            wanted *= 2  # so that a long value is not parsed again for each small piece

    def _advance(self, to: int) -> None:
        self._line += self._buffer.count("\n", self._at, to)
        self._at = to

    def _more(self, wanted: int = _CHUNK) -> bool:
        piece = "" if self._end else self._text.read(wanted)
        self._end = not piece
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return bool(piece)

    def _refuse(self, what: str) -> None:
        raise CommandError(
            f"{what}.",
            where=f"{self._path}, line {self._line}",
            do="Repair the file. JSON lines (one record a line) would lose only the broken line.",
        )


def _table(stream: IO[bytes], container: str, path: Path) -> Iterator[Item]:
    csv.field_size_limit(LARGEST)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        header_line = text.readline()
        delimiter = "\t" if container == "tsv" else max(",;\t", key=header_line.count)
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
        if not any(header):
            raise CommandError(
                "The table has no header line.", where=str(path), do="Name the columns in line 1."
            )
        yield from _rows(csv.reader(text, delimiter=delimiter, strict=True), header)
    except UnicodeDecodeError as error:
        raise CommandError(
            f"The table is not UTF-8: {error.reason}.", where=str(path), do="Save it as UTF-8."
        ) from None


def _rows(rows: Any, header: list[str]) -> Iterator[Item]:  # noqa: ANN401 - csv's reader has no public type
    number = 0
    while True:
        line = rows.line_num + 2
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Item(line, number + 1, str(error), "malformed")
            return  # what follows an open quote cannot be told apart
        if cells is None:
            return
        if not cells:
            continue
        number += 1
        if len(cells) != len(header):
            yield Item(line, number, f"{len(cells)} cells under {len(header)} columns", "malformed")
        else:
            yield Item(line, number, dict(zip(header, cells, strict=True)))


def _parquet(path: Path) -> Iterator[Item]:
    import duckdb  # noqa: PLC0415 - a large package that only Parquet needs

    if re.search(r"[*?\[]", str(path)):
        raise CommandError("The file's name holds *, ? or [.", where=str(path), do="Rename it.")
    with duckdb.connect(
        config={"autoinstall_known_extensions": "false", "memory_limit": "512MB"}
    ) as database:
        try:
            rows = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        except duckdb.Error as error:
            raise CommandError(
                f"The Parquet file cannot be read: {error}", where=str(path), do="Write it anew."
            ) from None
        names = [column[0] for column in rows.description]
        number = 0
        while batch := rows.fetchmany(1024):
            for row in batch:
                number += 1
                yield Item(number, number, _without_nulls(dict(zip(names, row, strict=True))))


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - Parquet's values
    """Nested columns have every key in every row; what is null was not there. Other scalars become text."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
