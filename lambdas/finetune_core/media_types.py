"""What a media file is, told by its first bytes: type, size in pixels, length in seconds.

Signatures and headers: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), GIF89a, WebP (RFC 9649), ISO base media files
(ISO/IEC 14496-12), Matroska (RFC 9559) and PDF (ISO 32000).
"""

import re
import struct
from typing import Final

HEAD: Final = 262_144
"""Bytes of a file that are looked at: enough for the size of a JPEG behind large metadata."""

_EBML: Final = b"\x1a\x45\xdf\xa3"
_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_BOXES: Final = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def media_type(head: bytes) -> str | None:
    """Return png, jpeg, gif, webp, mp4, mov, mkv, webm or pdf; None for anything else."""
    for start, name in ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif")):
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(_EBML):
        return "webm" if b"webm" in head[:64] else "mkv"
    if head[4:8] == b"ftyp":
        return "mov" if head[8:12] == b"qt  " else "mp4"
    if head[4:8] in _BOXES:
        return "mov"
    return "pdf" if b"%PDF-" in head[:1024] else None


def image_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels, None if the head does not tell."""
    readers = {"png": _png, "jpeg": _jpeg, "gif": _gif, "webp": _webp}
    reader = readers.get(media_type(head) or "")
    try:
        return reader(head) if reader else None
    except (struct.error, IndexError):  # the head ends too early
        return None


def video_seconds(head: bytes) -> float | None:
    """Return the length of an MP4 or MOV file whose index comes first, None if the head does not tell."""
    found = re.search(rb"mvhd[\x00\x01]", head)
    if found is None or media_type(head) not in ("mp4", "mov"):
        return None
    version = head[found.end() - 1]
    form, skipped = (">IQ", 19) if version else (">II", 11)
    try:
        scale, length = struct.unpack_from(form, head, found.end() + skipped)
    except struct.error:
        return None
    return length / scale if scale else None


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _webp(head: bytes) -> tuple[int, int] | None:
    if head[12:16] == b"VP8X" and len(head) >= 30:
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header."""
    at = 2
    while at + 4 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + max(int.from_bytes(head[at + 2 : at + 4], "big"), 2)
    return None
