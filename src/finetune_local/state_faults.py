"""Faults that a test orders for states of an execution, whichever service their task calls.

    {"command": "state_fault", "state": "Record training", "about": "text in the execution's input",
     "errors"?: ["DynamoDB.ThrottlingException", …], "lost"? = false, "hold"? = false, "answers"?: {…}}
        errors: the next attempts of the state end with these errors, one each; the last one for ever if it
        is followed by "…"; lost: the call acts and only its answer is lost; hold: the attempts stand
        still once their call has acted, until the execution is over; answers: members laid over the result of
        as many attempts as `errors` counts (each written as ""), so that a service lies about a state
    {"command": "state_faults"}  -> {"states": [{"state", "about", "struck"}]}
        struck: attempts that met it; with hold: those that stand still

`clear_faults` forgets them too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from finetune_local.hooks.states import TaskError
from finetune_local.values import Json, Value

FOR_EVER: Final = "…"
_CAUSE: Final = "Ordered by a test."


@dataclass
class StateOrder:
    """What the next attempts of one state meet."""

    state: str
    about: str
    errors: list[str] = field(default_factory=list)
    lost: bool = False
    hold: bool = False
    answers: Json = field(default_factory=dict)
    struck: int = 0
    standing: int = 0

    def __post_init__(self) -> None:
        """Refuse what could never strike, or would strike everybody."""
        if not self.about or not (self.errors or self.hold):
            raise ValueError("an order for a state needs `about`, and `errors` or `hold`")

    def next_error(self) -> str | None:
        """Return what the present attempt meets; None if it meets nothing (any more)."""
        for_ever = self.errors[-1:] == [FOR_EVER]
        known = self.errors[:-1] if for_ever else self.errors
        if self.struck < len(known):
            return known[self.struck]
        return known[-1] if for_ever else None


class StateFaults:
    """Keeps the orders and carries them out around the tasks of executions; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[StateOrder] = []

    def order(self, members: Json) -> Json:
        """Note an order (`state_fault`); raise ValueError when it is malformed."""
        try:
            made = StateOrder(**members)
        except TypeError as error:
            raise ValueError(f"state_fault: {error}; see finetune_local/state_faults.py") from error
        with self._lock:
            self._orders.append(made)
        return {}

    def listed(self, members: Json) -> Json:
        """Tell every order and how many attempts met it (`state_faults`)."""
        del members
        with self._lock:
            met = [(each, each.standing if each.hold else each.struck) for each in self._orders]
            found = [{"state": each.state, "about": each.about, "struck": count} for each, count in met]
        return {"states": found}

    def clear(self) -> None:
        """Forget every order."""
        with self._lock:
            self._orders.clear()

    def around(
        self, state: str, text: str, call: Callable[[], Value], stand_still: Callable[[], None]
    ) -> Value:
        """Make a state's call, or what was ordered of it; `text` is the execution's input.

        `stand_still()` returns, or raises, when the execution is over.
        """
        order, error = self._take(state, text)
        if order is None:
            return call()
        if error and not order.lost:
            raise TaskError(error, _CAUSE)
        result = call()
        if order.hold:
            order.standing += 1
            stand_still()
        if error:
            raise TaskError(error, _CAUSE)
        return {**result, **order.answers} if order.answers else result

    def _take(self, state: str, text: str) -> tuple[StateOrder | None, str]:
        with self._lock:
            for order in self._orders:
                if order.state != state or order.about not in text:
                    continue
                error = order.next_error()
                if error is None and not order.hold:
                    continue
                order.struck += 1
                return order, error or ""
        return None, ""
