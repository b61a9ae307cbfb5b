"""PNG files of every kind that is read, written here from known pixels."""

import struct
import zlib

import numpy as np
import pytest

from finetune_local.embedding_model import PictureError, features
from finetune_local.embedding_model.pictures import SIZE
from finetune_local.embedding_model.png import SIGNATURE, read_png

CHANCE = np.random.default_rng(7)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _file(  # noqa: PLR0917 - the header's order
    width: int, height: int, depth: int, colour: int, rows: bytes, palette: bytes = b""
) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    table = _chunk(b"PLTE", palette) if palette else b""
    packed = zlib.compress(rows)
    middle = len(packed) // 2
    data = _chunk(b"IDAT", packed[:middle]) + _chunk(b"IDAT", packed[middle:])
    return SIGNATURE + header + table + data + _chunk(b"IEND", b"")


def _filtered(pixels: np.ndarray, kind: int) -> bytes:
    """Filter rows of bytes [h, w, step] as the specification says, one byte at a time."""
    height, width, step = pixels.shape
    rows = []
    for y in range(height):
        row = bytearray([kind])
        for x in range(width):
            for c in range(step):
                a = int(pixels[y, x - 1, c]) if x else 0
                b = int(pixels[y - 1, x, c]) if y else 0
                d = int(pixels[y - 1, x - 1, c]) if x and y else 0
                p = a + b - d
                paeth = min((abs(p - v), n, v) for n, v in enumerate((a, b, d)))[2]
                guess = (0, a, b, (a + b) // 2, paeth)[kind]
                row.append((int(pixels[y, x, c]) - guess) % 256)
        rows.append(bytes(row))
    return b"".join(rows)


@pytest.mark.parametrize("kind", range(5))
def test_every_filter(kind):
    pixels = CHANCE.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    found = read_png(_file(7, 5, 8, 2, _filtered(pixels, kind)))
    assert np.array_equal(np.rint(found * 255), pixels)


def test_alpha_lies_on_white_and_grey_is_three_colours():
    clear = _file(1, 1, 8, 6, _filtered(np.array([[[10, 20, 30, 0]]], dtype=np.uint8), 0))
    assert read_png(clear).tolist() == [[[1.0, 1.0, 1.0]]]
    grey = _file(1, 1, 16, 0, b"\x00\x80\x00")
    assert read_png(grey)[0, 0] == pytest.approx([0x8000 / 0xFFFF] * 3)


def test_a_palette_of_two_colours_in_single_bits():
    found = read_png(_file(3, 1, 1, 3, b"\x00\xa0", bytes((0, 0, 0, 255, 0, 0))))
    assert found.tolist() == [[[1, 0, 0], [0, 0, 0], [1, 0, 0]]]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0 a JPEG",
        SIGNATURE,
        _file(2, 2, 8, 2, b"\x00too short"),
        _file(1, 1, 8, 2, b"\x09abc"),
        _file(0, 5, 8, 2, b""),
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(PictureError):
        features(data)


def test_features_know_colour_and_place():
    def square(colour: tuple[int, int, int], at: int) -> np.ndarray:
        pixels = np.full((128, 128, 3), 255, dtype=np.uint8)
        pixels[at : at + 40, at : at + 40] = colour
        return features(_file(128, 128, 8, 2, _filtered_plain(pixels)))

    one, same, other, moved = (square((200, 0, 0), 20), square((200, 0, 0), 20), square((0, 0, 200), 20),
                               square((200, 0, 0), 70))  # fmt: skip
    assert one.shape == (SIZE,)
    assert np.array_equal(one, same)
    assert one @ other < one @ same
    assert one @ moved < one @ same


def _filtered_plain(pixels: np.ndarray) -> bytes:
    return b"".join(b"\x00" + row.tobytes() for row in pixels)
