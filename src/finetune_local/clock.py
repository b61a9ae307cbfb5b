"""Simulated time of the local cloud.

Training takes hours and an endpoint minutes; a local run should take seconds. Everything in the local
cloud that waits (training jobs, endpoints, Step Functions polls) therefore asks one `Clock`, which runs
`speed` times as fast as the wall clock and can be moved forward at once by a test.

Lambda functions run in their own processes and keep the wall clock, as do request signatures.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

_SLICE_SECONDS = 0.05
"""Longest uninterrupted wall-clock wait on somebody else's event, so that `advance` is noticed."""


class Clock:
    """A clock that starts at the present and runs `speed` simulated seconds per wall-clock second.

    Thread-safe. All durations in the interface are simulated seconds.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._speed = _checked_speed(speed)
        self._start = datetime.now(UTC)
        self._anchor_wall = time.monotonic()
        self._anchor_simulated = 0.0

    @property
    def speed(self) -> float:
        """Simulated seconds per wall-clock second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Change the speed from this moment on; sleepers wake up earlier or later accordingly."""
        with self._changed:
            self._anchor_simulated = self.monotonic()
            self._anchor_wall = time.monotonic()
            self._speed = _checked_speed(speed)
            self._changed.notify_all()

    def now(self) -> datetime:
        """Return the simulated time of day (aware, UTC)."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the simulated seconds since this clock was made."""
        with self._changed:
            return self._anchor_simulated + (time.monotonic() - self._anchor_wall) * self._speed

    def advance(self, seconds: float) -> None:
        """Jump forward by `seconds` (not negative) and wake everyone whose time has come."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back: advance({seconds})")
        with self._changed:
            self._anchor_simulated += seconds
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Block until `seconds` simulated seconds have passed."""
        deadline = self.monotonic() + seconds
        with self._changed:
            while (left := deadline - self.monotonic()) > 0:
                self._changed.wait(left / self._speed)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Block until `event` is set (True) or `seconds` simulated seconds have passed (False)."""
        deadline = self.monotonic() + seconds
        while not event.is_set() and (left := deadline - self.monotonic()) > 0:
            event.wait(min(left / self._speed, _SLICE_SECONDS))
        return event.is_set()


def _checked_speed(speed: float) -> float:
    if not speed > 0:
        raise ValueError(f"clock speed must be greater than 0, not {speed}")
    return speed
