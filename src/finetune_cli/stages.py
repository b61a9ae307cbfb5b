"""Timed stages of a longer command, with one live line on a terminal and one line a stage when piped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from finetune_cli.console import Console, duration


@dataclass
class Stages:
    """What has been done so far: (name, seconds) in the order in which the stages ended."""

    console: Console
    clock: Callable[[], float] = time.monotonic
    done: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time one stage. Yields a function that says what it is at: shown live, never logged."""
        began = self.clock()
        with self._spinner(name) as tell:
            try:
                yield tell
            except BaseException:
                self._say("failed", name, self.clock() - began)
                raise
        seconds = self.clock() - began
        self.done.append((name, seconds))
        self._say("done", name, seconds)

    def _say(self, state: str, name: str, seconds: float) -> None:
        self.console.note(f"{self.console.mark(state)} {name:<44} {duration(seconds):>12}")

    @contextmanager
    def _spinner(self, name: str) -> Iterator[Callable[[str], None]]:
        if not self.console.live:
            yield lambda _: None
            return
        from rich.console import Console as RichConsole  # noqa: PLC0415 - only on a terminal

        screen: Any = RichConsole(file=self.console.err, highlight=False)
        with screen.status(name) as status:
            yield lambda detail: status.update(f"{name}  [dim]{detail}[/dim]")
