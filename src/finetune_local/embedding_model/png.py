"""Reads PNG files into arrays (PNG specification, third edition: https://www.w3.org/TR/png-3/)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type → samples of a pixel: grey, RGB, palette, grey and alpha, RGB and alpha."""
_MOST_PIXELS: Final = 4096 * 4096


class PictureError(ValueError):
    """The bytes are no image that can be read here."""


def read_png(data: bytes) -> npt.NDArray[Any]:
    """Return the picture as RGB between 0 and 1, shape (height, width, 3); alpha lies on white."""
    if not data.startswith(SIGNATURE):
        raise PictureError("not a PNG file: the local Bedrock reads no other kind of image")
    try:
        return _decoded(_chunks(data))
    except (struct.error, zlib.error, KeyError, IndexError, ValueError) as error:
        raise PictureError(f"a broken or unusual PNG file ({type(error).__name__}: {error})") from error


def _chunks(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for kind, content in _each_chunk(data):
        found[kind] = found.get(kind, b"") + content
    return found


def _each_chunk(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8].decode("latin-1"), data[at + 8 : at + 8 + length]
        at += 12 + length


def _decoded(chunks: dict[str, bytes]) -> npt.NDArray[Any]:
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks["IHDR"])
    if interlaced:
        raise ValueError("interlaced")
    if not 0 < width * height <= _MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels")
    channels = _CHANNELS[colour]
    row = -(-width * channels * depth // 8)
    raw = np.frombuffer(zlib.decompress(chunks["IDAT"]), dtype=np.uint8).reshape(height, row + 1)
    step = max(1, channels * depth // 8)
    lines = _unfiltered(raw[:, 0], raw[:, 1:], step)
    samples = _samples(lines, depth)[:, : width * channels].reshape(height, width, channels)
    return _rgb(samples, depth, colour, chunks.get("PLTE", b""))


def _unfiltered(kinds: Bytes, lines: Bytes, step: int) -> Bytes:
    """Undo the filters of all lines, a diagonal of pixels at a time: each needs those left and above."""
    if not kinds.any():
        return lines
    height, row = lines.shape
    pad = -row % step
    pixels = np.pad(lines, ((0, 0), (0, pad))).reshape(height, -1, step).astype(np.int16)
    width = pixels.shape[1]
    done = np.zeros((height + 1, width + 1, step), dtype=np.int16)
    for diagonal in range(height + width - 1):
        y = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        x = diagonal - y
        left, above, corner = done[y + 1, x], done[y, x + 1], done[y, x]
        guess = left + above - corner
        to_left, to_above, to_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
        near = np.where(to_above <= to_corner, above, corner)
        paeth = np.where((to_left <= to_above) & (to_left <= to_corner), left, near)
        choices = np.stack([np.zeros_like(left), left, above, (left + above) // 2, paeth])
        done[y + 1, x + 1] = (pixels[y, x] + choices[kinds[y], np.arange(len(y))]) & 0xFF
    return done[1:, 1:].reshape(height, -1)[:, :row].astype(np.uint8)


def _samples(lines: Bytes, depth: int) -> npt.NDArray[Any]:
    """Return one number for each sample of lines of packed or plain bytes."""
    if depth == 16:
        return lines.reshape(len(lines), -1, 2).astype(np.uint16) @ np.array([256, 1], dtype=np.uint16)
    if depth == 8:
        return lines.astype(np.uint16)
    bits = np.unpackbits(lines, axis=1).reshape(len(lines), -1, depth)
    return bits @ (1 << np.arange(depth - 1, -1, -1)).astype(np.uint16)


def _rgb(samples: npt.NDArray[Any], depth: int, colour: int, palette: bytes) -> npt.NDArray[Any]:
    if colour == 3:
        table = np.frombuffer(palette, dtype=np.uint8).reshape(-1, 3).astype(np.float32) / 255
        looked_up: npt.NDArray[Any] = table[samples[..., 0]]
        return looked_up
    values = samples.astype(np.float32) / float((1 << depth) - 1)
    if colour in (4, 6):
        alpha = values[..., -1:]
        values = values[..., :-1] * alpha + (1 - alpha)
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
