"""Queues: one run per dataset, the newest of those that wait; at most N jobs, first come first served."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_core.queueing import Entry, Queue, ask_for_dataset, ask_for_job


def entry(name: str, *, order: str = "", since: str = "2026-11-24T00:00:00.000") -> Entry:
    return Entry(
        run_id=name,
        execution_arn=f"arn:{name}",
        job_name=f"job-{name}",
        order=order or name,
        since=since,
        lease_until="2026-12-01T00:00:00.000",
    )


def alive(_: Entry) -> bool:
    return True


def dead(_: Entry) -> bool:
    return False


def without(queue: Queue, run: str) -> Queue:
    """What leaving does to a queue in the ledger."""
    return msgspec.structs.replace(
        queue,
        holders={name: each for name, each in queue.holders.items() if name != run},
        waiting={name: each for name, each in queue.waiting.items() if name != run},
    )


def test_the_first_run_holds_its_dataset_and_may_ask_again() -> None:
    queue, turn = ask_for_dataset(Queue(), entry("a"), dead)
    assert turn.state == "granted"
    again, turn = ask_for_dataset(queue, entry("a"), dead)
    assert (again, turn.state) == (queue, "granted")


def test_a_second_run_waits_until_the_first_has_left() -> None:
    queue, _ = ask_for_dataset(Queue(), entry("a"), alive)
    queue, turn = ask_for_dataset(queue, entry("b"), alive)
    assert (turn.state, turn.place, turn.waits_for) == ("waiting", 1, ["a"])
    queue, turn = ask_for_dataset(without(queue, "a"), entry("b"), alive)
    assert turn.state == "granted"
    assert not queue.waiting


def test_a_newer_drop_supersedes_the_run_that_waits_and_not_the_one_at_work() -> None:
    queue, _ = ask_for_dataset(Queue(), entry("a"), alive)
    queue, _ = ask_for_dataset(queue, entry("b"), alive)
    queue, turn = ask_for_dataset(queue, entry("c"), alive)
    assert turn.state == "waiting"
    queue, turn = ask_for_dataset(queue, entry("b"), alive)
    assert (turn.state, turn.superseded_by) == ("superseded", "c")
    _, turn = ask_for_dataset(queue, entry("a"), alive)
    assert turn.state == "granted"


def test_an_older_drop_that_comes_late_is_superseded_even_when_the_newer_run_has_ended() -> None:
    queue, _ = ask_for_dataset(Queue(), entry("b"), alive)
    _, turn = ask_for_dataset(without(queue, "b"), entry("a"), alive)
    assert (turn.state, turn.superseded_by) == ("superseded", "b")


def test_a_lost_holder_frees_the_dataset() -> None:
    queue, _ = ask_for_dataset(Queue(), entry("a"), alive)
    queue, turn = ask_for_dataset(queue, entry("b"), dead)
    assert turn.state == "granted"
    assert list(queue.holders) == ["b"]


def jobs(queue: Queue, name: str, second: int = 0, *, places: int = 2, others: tuple[str, ...] = ()):
    me = entry(name, since=f"2026-11-24T00:00:{second:02d}.000")
    return ask_for_job(queue, me, alive, places=places, jobs=others)


def test_places_are_given_in_the_order_of_asking() -> None:
    queue = Queue()
    for second, name in enumerate("abcd"):
        queue, turn = jobs(queue, name, second)
    assert (turn.state, turn.place, turn.of) == ("waiting", 2, 2)
    assert turn.waits_for == ["a", "b"]
    queue, turn = jobs(without(queue, "a"), "d", 9)
    assert (turn.state, turn.place) == ("waiting", 2), "c came first"
    queue, turn = jobs(queue, "c", 9)
    assert turn.state == "granted"


def test_jobs_of_other_programs_take_places_and_a_holders_own_job_takes_one_only() -> None:
    queue, _ = jobs(Queue(), "a")
    _, turn = jobs(queue, "b", 1, others=("job-a",))
    assert turn.state == "granted"
    _, turn = jobs(queue, "b", 1, others=("job-a", "somebody-elses"))
    assert (turn.state, turn.waits_for) == ("waiting", ["a", "somebody-elses"])


def test_a_lost_holder_and_a_lost_waiter_are_passed_by() -> None:
    queue = Queue()
    for second, name in enumerate("abc"):
        queue, _ = jobs(queue, name, second, places=1)
    me = entry("c", since="2026-11-24T00:00:09.000")
    queue, turn = ask_for_job(queue, me, dead, places=1, jobs=())
    assert turn.state == "granted"
    assert (list(queue.holders), list(queue.waiting)) == (["c"], [])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40))
def test_never_two_runs_of_a_dataset_and_never_an_older_one_after_a_newer(steps) -> None:
    queue, granted = Queue(), []
    for name, leaves in steps:
        if leaves:
            queue = without(queue, name)
            continue
        before = set(queue.holders)
        queue, turn = ask_for_dataset(queue, entry(name), alive)
        assert len(queue.holders) <= 1
        assert len(queue.waiting) <= 1
        if turn.state == "granted" and name not in before:
            granted.append(name)
    assert all(first <= second for first, second in itertools.pairwise(granted))


@given(st.integers(1, 3), st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40))
def test_never_more_jobs_than_places(places, steps) -> None:
    queue = Queue()
    for second, (name, leaves) in enumerate(steps):
        if leaves:
            queue = without(queue, name)
        else:
            queue, turn = jobs(queue, name, second, places=places)
            assert turn.state != "waiting" or turn.place >= 1
        assert len(queue.holders) <= places
        assert not set(queue.holders) & set(queue.waiting)


@pytest.mark.parametrize("ask", ["dataset", "jobs"])
def test_a_queue_survives_the_ledger(ask) -> None:
    queue, _ = ask_for_dataset(Queue(), entry("a"), alive) if ask == "dataset" else jobs(Queue(), "a")
    stored = msgspec.to_builtins(queue) | {"revision": 3.0, "pk": "queue#x", "sk": "queue"}
    assert msgspec.convert(stored, Queue, strict=False).revision == 3
