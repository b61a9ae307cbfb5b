"""The simulated clock: speed, jumps, sleepers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from finetune_local.clock import Clock

AGES = 1_000_000.0


def test_it_starts_at_the_present_and_runs_at_its_speed() -> None:
    clock = Clock(AGES)
    begun = datetime.now(UTC)
    clock.sleep(3600)
    assert clock.monotonic() >= 3600
    assert (clock.now() - begun).total_seconds() >= 3600


def test_a_jump_wakes_who_sleeps() -> None:
    clock = Clock()
    with ThreadPoolExecutor() as pool:
        sleeper = pool.submit(clock.sleep, AGES)
        waiter = pool.submit(clock.wait, threading.Event(), AGES)
        while not (sleeper.done() and waiter.done()):
            clock.advance(AGES)
        assert waiter.result() is False


def test_an_event_ends_a_wait() -> None:
    clock, event = Clock(), threading.Event()
    with ThreadPoolExecutor() as pool:
        waiter = pool.submit(clock.wait, event, AGES)
        event.set()
        assert waiter.result(timeout=10) is True


def test_a_new_speed_counts_from_now_on() -> None:
    clock = Clock()
    clock.advance(100)
    clock.set_speed(AGES)
    assert clock.speed == AGES
    clock.sleep(1000)
    assert clock.monotonic() >= 1100


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_time_does_not_stand_still(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Clock(speed)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        Clock().advance(-1)
