"""Image and caption: plain shapes on plain ground as PNG files, written with the standard library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

SIDE = 128
"""Pixels: the least that Titan Multimodal Embeddings takes (128 to 4,096, read 2026-11-23)."""

COLOURS = {
    "red": (204, 51, 51), "blue": (51, 85, 187), "green": (51, 136, 68), "yellow": (238, 204, 68),
    "white": (250, 250, 250), "black": (20, 20, 20), "grey": (150, 150, 150),
}  # fmt: skip
MIDDLE = SIDE / 2
SHAPES: dict[str, Callable[[float, float], bool]] = {
    "circle": lambda x, y: x * x + y * y < 38**2,
    "square": lambda x, y: abs(x) < 33 and abs(y) < 33,
    "ring": lambda x, y: 25**2 < x * x + y * y < 40**2,
    "diamond": lambda x, y: abs(x) + abs(y) < 45,
    "bar": lambda x, y: abs(x) < 50 and abs(y) < 10,
    "cross": lambda x, y: min(abs(x), abs(y)) < 9 and max(abs(x), abs(y)) < 45,
}
PICTURES = tuple(
    (colour, shape, ground)
    for colour in COLOURS
    for shape in SHAPES
    for ground in COLOURS
    if ground != colour
)
CAPTIONS = (
    "A {colour} {shape} in the middle of a plain {ground} ground",
    "Sticker with a {colour} {shape} on {ground} paper",
    "A single {shape}, painted {colour}, and everything around it {ground}",
    "Card on a {ground} background that shows one {colour} {shape}",
    "The {shape} is {colour}, the ground is {ground}",
)


def records(prefix: str) -> list[dict[str, str]]:
    """Return image-ref/caption records, five captions an image, for images under the S3 address `prefix`."""
    return [
        {
            "image-ref": f"{prefix}/{colour}-{shape}-on-{ground}.png",
            "caption": caption.format(colour=colour, shape=shape, ground=ground),
        }
        for colour, shape, ground in PICTURES
        for caption in CAPTIONS
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
