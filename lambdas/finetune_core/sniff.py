"""Recognises what a file is from its first bytes: the record format, or why it is no JSON Lines at all."""

from collections import Counter
from typing import Final

import msgspec
from msgspec import Struct

from finetune_core.records import recognise

HEAD: Final = 262_144
"""Bytes that are looked at."""

_LINES: Final = 20
_BOM: Final = b"\xef\xbb\xbf"
_SIGNATURES: Final = (
    (b"\x1f\x8b", "compressed_file", "gzip-compressed"),
    (b"\x28\xb5\x2f\xfd", "compressed_file", "Zstandard-compressed"),
    (b"BZh", "compressed_file", "bzip2-compressed"),
    (b"\xfd7zXZ\x00", "compressed_file", "xz-compressed"),
    (b"7z\xbc\xaf\x27\x1c", "compressed_file", "a 7z archive"),
    (b"PK\x03\x04", "compressed_file", "a ZIP archive (or an Excel or Word file, which is one)"),
    (b"PAR1", "not_json_lines", "a Parquet file: `finetune convert` reads it"),
    (b"ARROW1", "not_json_lines", "an Arrow file"),
    (b"%PDF-", "not_json_lines", "a PDF"),
    (b"\x89PNG\r\n", "not_json_lines", "a PNG image"),
    (b"\xff\xd8\xff", "not_json_lines", "a JPEG image"),
    (b"\xff\xfe\x00\x00", "wrong_encoding", "UTF-32, not UTF-8"),
    (b"\x00\x00\xfe\xff", "wrong_encoding", "UTF-32, not UTF-8"),
    (b"\xff\xfe", "wrong_encoding", "UTF-16, not UTF-8"),
    (b"\xfe\xff", "wrong_encoding", "UTF-16, not UTF-8"),
)
"""What a file's first bytes give away: gzip (RFC 1952), Zstandard (RFC 8878), bzip2, xz, 7z, ZIP, Parquet,
Arrow, PDF, PNG, JPEG, and the byte order marks of UTF-32 and UTF-16."""


class Sniffed(Struct, frozen=True):
    """What the head of a file shows.

    `format` is a key of `records.NAMES` or None; `code` and `message` tell a fault that makes reading line by
    line pointless, "" if there is none. `bom` says that the file starts with a byte order mark.
    """

    format: str | None = None
    code: str = ""
    message: str = ""
    bom: bool = False


def sniff(head: bytes) -> Sniffed:
    """Judge the first bytes of a file (up to `HEAD` are used)."""
    head = head[:HEAD]
    if foreign := signature(head):
        return foreign
    bom = head.startswith(_BOM)
    lines = [line.strip() for line in head.removeprefix(_BOM).split(b"\n")]
    lines = [line for line in lines if line][:_LINES]
    if not lines:
        return Sniffed(bom=bom)
    first = lines[0]
    if first.startswith((b"[{", b"[ {")) or (first == b"[" and len(lines) > 1):
        message = "the file is one JSON array, not a record on each line"
        return Sniffed(code="not_json_lines", message=message, bom=bom)
    records = [record for record in map(_record, lines) if record is not None]
    if records:
        names = Counter(name for name in map(recognise, records) if name is not None)
        name = names.most_common(1)[0][0] if names else None
        return Sniffed(format=name, bom=bom)
    return _no_records(lines, bom)


def signature(head: bytes) -> Sniffed | None:
    """Return what the first bytes of a file that is no UTF-8 text give away, None if it may be one."""
    for start, code, what in _SIGNATURES:
        if head.startswith(start):
            return Sniffed(code=code, message=f"the file is {what}")
    if _looks_utf16(head):
        return Sniffed(code="wrong_encoding", message="the file is UTF-16, not UTF-8")
    return None


def _looks_utf16(head: bytes) -> bool:
    sample = head[:64]
    return (
        len(sample) >= 8
        and any(sample)
        and max(sample[::2].count(0), sample[1::2].count(0)) > len(sample) // 3
    )


def _record(line: bytes) -> dict[str, object] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_records(lines: list[bytes], bom: bool) -> Sniffed:
    """No line of the head is an object: tell JSON that spans lines and tables from mere damage."""
    if lines[0] == b"{":
        return Sniffed(code="not_json_lines", message="one JSON object spans many lines", bom=bom)
    if len(lines) > 2 and not any(line.startswith((b"{", b"[", b'"')) for line in lines):
        kind = _table(lines)
        return Sniffed(code="not_json_lines", message=f"the file looks like {kind}, not JSON", bom=bom)
    return Sniffed(bom=bom)


def _table(lines: list[bytes]) -> str:
    for separator, name in ((b"\t", "a table with tabs (TSV)"), (b",", "a table with commas (CSV)")):
        if all(separator in line for line in lines[:3]):
            return name
    return "plain text"
