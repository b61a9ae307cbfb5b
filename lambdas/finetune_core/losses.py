"""What a loss curve comes down to: its ends, what it shows, and whether it keeps a model from serving."""

from __future__ import annotations

from typing import Literal

import msgspec


class Loss(msgspec.Struct, kw_only=True, frozen=True):
    """First and last value of a loss curve."""

    first: float
    last: float


class CurveFinding(msgspec.Struct, kw_only=True, frozen=True):
    """What a loss curve shows, and what to change in the next run."""

    code: Literal["divergence", "overfitting", "no_progress", "plateau", "spikes", "no_curve"]
    what: str
    advice: str


class Blocked(msgspec.Struct, kw_only=True, frozen=True):
    """Why a trained model is not served; both are empty when it is."""

    outcome: str = ""
    message: str = ""
