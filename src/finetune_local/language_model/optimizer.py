"""Adagrad with one step size per row and part of a row, which keeps a step on large sparse tables cheap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .features import Ints
from .network import SEGMENTS, SPARSE, Arrays, Gradients

RATES = {
    "context": 0.05,
    "memory": 0.1,
    "bag": 0.1,
    "output": 0.2,
    "bias": 0.05,
    "attend": 0.05,
    "copy": 0.05,
}
"""Step lengths at learning_rate_scale 1."""

INITIAL_SQUARE = 0.03
"""Squared gradient that every row is taken to have seen, so that first steps stay small."""


def initial_squares(parameters: Arrays) -> Arrays:
    """Return the running sums of squared gradients for untrained `parameters`."""
    squares: Arrays = {}
    for name, values in parameters.items():
        parts = len(SEGMENTS[name]) if name in SEGMENTS else 0
        shape = (len(values), parts) if parts else values.shape
        squares[name] = np.full(shape, INITIAL_SQUARE, dtype=np.float32)
    return squares


def update(parameters: Arrays, squares: Arrays, gradients: Gradients, scale: float) -> None:
    """Move `parameters` one step against `gradients`, with step lengths RATES * scale."""
    for name, gradient in gradients.dense.items():
        if name in SEGMENTS:
            every = slice(None)
            _step_rows(
                parameters[name], squares[name], every, gradient, SEGMENTS[name], rate=RATES[name] * scale
            )
        else:
            squares[name] += gradient**2
            parameters[name] -= RATES[name] * scale * gradient / np.sqrt(squares[name])
    for name in SPARSE:
        if gradients.sparse[name]:
            rows, gradient = sum_by_row(gradients.sparse[name])
            _step_rows(
                parameters[name], squares[name], rows, gradient, SEGMENTS[name], rate=RATES[name] * scale
            )


def sum_by_row(
    received: list[tuple[Ints, npt.NDArray[np.floating]]],
) -> tuple[Ints, npt.NDArray[np.floating]]:
    """Return distinct rows and their summed gradients; (rows [n, k], gradient [n, w]) gives it to k rows."""
    rows = np.concatenate([part.ravel() for part, _ in received])
    sources, total = [], 0
    for part, _ in received:
        sources.append(total + np.repeat(np.arange(len(part)), part.shape[1]))
        total += len(part)
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    firsts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    gradient = np.concatenate([gradient for _, gradient in received])
    return ordered[firsts], np.add.reduceat(gradient[np.concatenate(sources)[order]], firsts, axis=0)


def _step_rows(
    values: npt.NDArray[np.floating],
    squares: npt.NDArray[np.floating],
    rows: Ints | slice,
    gradient: npt.NDArray[np.floating],
    ends: tuple[int, ...],
    *,
    rate: float,
) -> None:
    begin = 0
    for number, end in enumerate(ends):
        part = gradient[:, begin:end]
        squares[rows, number] += np.einsum("rw,rw->r", part, part) / (end - begin)
        part *= (-rate / np.sqrt(squares[rows, number]))[:, None]
        begin = end
    values[rows] += gradient
