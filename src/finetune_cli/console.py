"""Where a command's words go: answers to stdout, progress and errors to stderr, JSON when asked for.

Colour and live progress only where a person looks: the stream is a terminal, `NO_COLOR` is unset or empty
(https://no-color.org) and TERM is not "dumb". What is piped is plain text in aligned columns.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from finetune_cli.errors import CommandError

ANSI = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "active": ("▸", "cyan"), "waiting": ("…", "yellow")}


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """True when `stream` is a terminal whose owner has not asked for plain text."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


class Console:
    """One command's output. `as_json` silences the human words on stdout; errors then are JSON too."""

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        for stream in (self.out, self.err):
            if isinstance(stream, io.TextIOWrapper):  # a terminal may lack letters: they are told by number
                stream.reconfigure(errors="backslashreplace")
        self.as_json = as_json
        self.colour = wants_colour(self.out, os.environ)
        self.live = wants_colour(self.err, os.environ) and not as_json

    def style(self, text: str, *names: str) -> str:
        """`text` in the given styles on a terminal, unchanged elsewhere."""
        if not self.colour or not names:
            return text
        return f"\x1b[{';'.join(ANSI[name] for name in names)}m{text}\x1b[0m"

    def mark(self, state: str) -> str:
        """The coloured sign of a state: done, failed, active or waiting."""
        sign, colour = MARKS[state]
        return self.style(sign, colour)

    def say(self, text: str = "") -> None:
        """A line of the answer; nothing when JSON was asked for."""
        if not self.as_json:
            print(text, file=self.out, flush=True)

    def note(self, text: str) -> None:
        """A line beside the answer, on stderr: progress, advice."""
        if not self.as_json:
            print(text, file=self.err, flush=True)

    def data(self, value: object) -> None:
        """The answer as JSON; only when JSON was asked for. One line when piped, indented on a terminal."""
        if self.as_json:
            indent = 2 if self.out.isatty() else None
            ascii_only = not (self.out.encoding or "utf-8").lower().startswith("utf")
            text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, default=str)
            print(text, file=self.out, flush=True)

    @contextmanager
    def listened_to(self) -> Iterator[None]:
        """Print a verdict in here: a reader that goes away (`| head -1`) does not change it."""
        try:
            yield
        except BrokenPipeError:
            self.hang_up()

    def hang_up(self) -> None:
        """Send what is still to be printed nowhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.out.fileno())

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns, header in bold. Cells may be styled: only visible characters are counted."""
        widths = [max(visible(row[at]) for row in (header, *rows)) for at in range(len(header))]
        for number, row in enumerate((header, *rows)):
            cells = (cell + " " * (width - visible(cell)) for cell, width in zip(row, widths, strict=True))
            line = "  ".join(cells).rstrip()
            self.say(self.style(line, "bold") if number == 0 else line)

    def error(self, error: CommandError) -> None:
        """The one message of a command that failed, on stderr."""
        if self.as_json:
            print(json.dumps(error.as_dict(), ensure_ascii=False), file=self.err, flush=True)
            return
        red, plain = ("\x1b[31m", "\x1b[0m") if wants_colour(self.err, os.environ) else ("", "")
        print(f"{red}error:{plain} {error.what}", file=self.err)
        for label, text in (("where", error.where), ("do", error.do)):
            if text:
                print(f"  {label}: {text}", file=self.err)
        self.err.flush()


def visible(text: str) -> int:
    """Columns that `text` takes on a terminal, escape sequences not counted."""
    length, at = 0, 0
    while at < len(text):
        if text[at] == "\x1b":
            at = text.index("m", at) + 1
            continue
        length, at = length + 1, at + 1
    return length


def duration(seconds: float) -> str:
    """Seconds as people say them: 850 ms, 4.2 s, 3 min 07 s, 2 h 05 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Bytes as people say them: 512 B, 3.4 kB, 1.2 MB."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"
