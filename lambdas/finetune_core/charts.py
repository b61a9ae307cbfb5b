"""A chart of losses or rewards as inline SVG, without scripts or outside resources."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from msgspec import Struct

from finetune_core.curves import Point, thin

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 28
_CHARACTER: Final = 7.5
"""Width of a digit at the chart's font size, on the safe side."""
_MOST_POINTS: Final = 300
_COLOURS: Final = ("#2456c8", "#c2571a")


class Curve(Struct, frozen=True):
    """A named series of (step, loss or reward)."""

    name: str
    points: list[Point]


def curve_chart(curves: Sequence[Curve]) -> str:
    """Return the curves in one SVG with axes and legend, or "" when no curve has two points."""
    drawn = [Curve(curve.name, thin(curve.points, _MOST_POINTS)) for curve in curves if len(curve.points) > 1]
    if not drawn:
        return ""
    steps = [step for curve in drawn for step, _ in curve.points]
    losses = [loss for curve in drawn for _, loss in curve.points]
    frame = _Frame(min(steps), max(steps), min(losses), max(losses), _margin(min(losses), max(losses)))
    lines = "".join(_line(curve, frame, _COLOURS[index % len(_COLOURS)]) for index, curve in enumerate(drawn))
    legend = "".join(
        f'<text x="{WIDTH - _RIGHT}" y="{_legend(drawn, frame) + 18 * index}" text-anchor="end" '
        f'fill="{_COLOURS[index % len(_COLOURS)]}">{escape(curve.name)}</text>'
        for index, curve in enumerate(drawn)
    )
    label = escape(", ".join(curve.name for curve in drawn))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label} by step" '
        f'font-family="system-ui,sans-serif" font-size="12">{_axes(frame)}{lines}{legend}</svg>'
    )


def _legend(drawn: Sequence[Curve], frame: _Frame) -> int:
    """Return where the legend begins: above curves that end low, below those that end high."""
    ends = [frame.y(curve.points[-1][1]) for curve in drawn]
    below = sum(ends) / len(ends) < (_TOP + HEIGHT - _BOTTOM) / 2
    return HEIGHT - _BOTTOM - 10 - 18 * (len(drawn) - 1) if below else _TOP + 14


class _Frame(Struct, frozen=True):
    first: float
    last: float
    low: float
    high: float
    left: float

    def x(self, step: float) -> float:
        share = (step - self.first) / ((self.last - self.first) or 1)
        return self.left + share * (WIDTH - self.left - _RIGHT)

    def y(self, loss: float) -> float:
        return (
            HEIGHT - _BOTTOM - (loss - self.low) / ((self.high - self.low) or 1) * (HEIGHT - _TOP - _BOTTOM)
        )


def _margin(low: float, high: float) -> float:
    """Return the width that the longest label of the loss axis needs, in the chart's units."""
    longest = max(len(f"{loss:.3g}") for loss in (low, (low + high) / 2, high))
    return max(_LEFT, 14 + _CHARACTER * longest)


def _line(curve: Curve, frame: _Frame, colour: str) -> str:
    points = " ".join(f"{frame.x(step):.1f},{frame.y(loss):.1f}" for step, loss in curve.points)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="1.8" points="{points}"/>'


def _axes(frame: _Frame) -> str:
    marks = []
    for share in (0.0, 0.5, 1.0):
        loss = frame.low + share * (frame.high - frame.low)
        y, left = frame.y(loss), frame.left
        marks.append(
            f'<line x1="{left:.1f}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e7ee"/>'
            f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#5d6778">{loss:.3g}</text>'
        )
    for step, anchor in ((frame.first, "start"), (frame.last, "end")):
        marks.append(
            f'<text x="{frame.x(step):.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}" fill="#5d6778">'
            f"step {step:,.0f}</text>"
        )
    return "".join(marks)
