"""What the model sees of a picture: colours and where they lie, what stands out from the border, edges."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .png import PictureError as PictureError  # noqa: PLC0414 - part of this module's names
from .png import read_png

Floats = npt.NDArray[Any]

SIDE: Final = 32
"""A picture is looked at in SIDE x SIDE means."""
_LEVELS: Final = 4
_STANDS_OUT: Final = 0.25
_DIRECTIONS: Final = 8
_CELLS: Final = 4
SIZE: Final = 2 * _LEVELS**3 + (SIDE // 2) ** 2 + _CELLS**2 * (3 + _DIRECTIONS)
"""Numbers of one picture."""


def features(data: bytes) -> Floats:
    """Return a picture as SIZE numbers, in blocks of length 1 each; raises PictureError."""
    small = _shrunk(read_png(data))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    ground = np.median(border, axis=0)
    out = np.abs(small - ground).sum(axis=2) > _STANDS_OUT
    blocks = (
        _colours(border),
        _colours(small[out]),
        _means(out[..., None].astype(np.float32), SIDE // 2),
        _means(small, _CELLS),
        _edges(small),
    )
    return np.concatenate([_unit(block.ravel()) for block in blocks]).astype(np.float32)


def _shrunk(picture: Floats) -> Floats:
    height, width, _ = picture.shape
    down = np.arange(SIDE) * height // SIDE
    across = np.arange(SIDE) * width // SIDE
    if min(height, width) < SIDE:
        picked: Floats = picture[down][:, across]
        return picked
    sums = np.add.reduceat(np.add.reduceat(picture, down, axis=0), across, axis=1)
    counts = np.diff([*down, height])[:, None] * np.diff([*across, width])[None, :]
    shrunk: Floats = sums / counts[..., None].astype(np.float32)
    return shrunk


def _colours(pixels: Floats) -> Floats:
    """Return how often each of 64 colours occurs in pixels [n, 3]."""
    steps = np.minimum((pixels.reshape(-1, 3) * _LEVELS).astype(np.int64), _LEVELS - 1)
    codes = steps @ np.array([_LEVELS * _LEVELS, _LEVELS, 1])
    return np.bincount(codes, minlength=_LEVELS**3).astype(np.float32)


def _means(values: Floats, cells: int) -> Floats:
    size = len(values) // cells
    means: Floats = values.reshape(cells, size, cells, size, -1).mean(axis=(1, 3))
    return means


def _edges(small: Floats) -> Floats:
    """Return how strongly each direction occurs in each of 4 x 4 cells."""
    grey = small.mean(axis=2)
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    turn = np.mod(np.arctan2(down, across), np.pi) / np.pi
    chosen = np.minimum((turn * _DIRECTIONS).astype(np.int64), _DIRECTIONS - 1)
    each = (chosen[..., None] == np.arange(_DIRECTIONS)) * strength[..., None]
    return _means(each.astype(np.float32), _CELLS)


def _unit(values: Floats) -> Floats:
    length = float(np.linalg.norm(values))
    return values / length if length else values
