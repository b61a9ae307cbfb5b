"""Image and caption: plain shapes on plain ground as PNG files, written with the standard library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

SIDE = 512
"""Pixels: within the limits of Titan Image Generator and Nova Canvas (512 to 4,096, read 2026-11-23)."""

COLOURS = {
    "red": (204, 51, 51), "blue": (51, 85, 187), "green": (51, 136, 68), "yellow": (238, 204, 68),
    "white": (250, 250, 250), "black": (20, 20, 20), "grey": (150, 150, 150),
}  # fmt: skip
MIDDLE = SIDE / 2
SHAPES: dict[str, Callable[[float, float], bool]] = {
    "circle": lambda x, y: x * x + y * y < 150**2,
    "square": lambda x, y: abs(x) < 130 and abs(y) < 130,
    "ring": lambda x, y: 100**2 < x * x + y * y < 160**2,
    "diamond": lambda x, y: abs(x) + abs(y) < 180,
    "bar": lambda x, y: abs(x) < 200 and abs(y) < 40,
}
PICTURES = (
    ("red", "circle", "white"), ("blue", "square", "white"), ("green", "ring", "white"),
    ("yellow", "diamond", "black"), ("white", "bar", "blue"), ("black", "circle", "yellow"),
    ("red", "square", "grey"), ("blue", "diamond", "yellow"), ("white", "ring", "red"),
    ("green", "bar", "black"),
)  # fmt: skip


def records(prefix: str) -> list[dict[str, str]]:
    """Return image-ref/caption records for images that lie under the S3 address `prefix`."""
    return [
        {
            "image-ref": f"{prefix}/{colour}-{shape}-on-{ground}.png",
            "caption": f"A {colour} {shape} in the middle of a plain {ground} ground",
        }
        for colour, shape, ground in PICTURES
    ]


def images() -> dict[str, bytes]:
    """Return the PNG files by name."""
    return {
        f"{colour}-{shape}-on-{ground}.png": _png(SHAPES[shape], COLOURS[colour], COLOURS[ground])
        for colour, shape, ground in PICTURES
    }


def _png(inside: Callable[[float, float], bool], colour: tuple[int, ...], ground: tuple[int, ...]) -> bytes:
    """Return an image in two colours: one bit per pixel, with a palette."""
    rows = []
    for y in range(SIDE):
        bits = "".join("1" if inside(x + 0.5 - MIDDLE, y + 0.5 - MIDDLE) else "0" for x in range(SIDE))
        rows.append(b"\0" + int(bits, 2).to_bytes(SIDE // 8, "big"))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes(ground + colour)),
        (b"IDAT", zlib.compress(b"".join(rows), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
