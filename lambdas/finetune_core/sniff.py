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
    if head.startswith(b"\x1f\x8b"):
        return Sniffed(code="compressed_file", message="the file is gzip-compressed")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_utf16(head):
        return Sniffed(code="wrong_encoding", message="the file is UTF-16, not UTF-8")
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


def _looks_utf16(head: bytes) -> bool:
    sample = head[:64]
    return len(sample) >= 8 and max(sample[::2].count(0), sample[1::2].count(0)) > len(sample) // 3


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
