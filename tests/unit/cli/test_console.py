from __future__ import annotations

import io
import json
import re

import pytest

from finetune_cli.console import Console, duration, size, visible, wants_colour
from finetune_cli.errors import CommandError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "stream", "expected"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_colour_only_where_somebody_looks(environ, stream, expected) -> None:
    assert wants_colour(stream, environ) is expected


def test_a_table_is_aligned_with_and_without_colour(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for out in (io.StringIO(), Terminal()):
        console = Console(out=out)
        console.table(("NAME", "STATE"), [("a", console.style("RUNNING", "cyan")), ("longer", "OK")])
        plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
        assert plain.splitlines() == ["NAME    STATE", "a       RUNNING", "longer  OK"]
        assert ("\x1b[" in out.getvalue()) is out.isatty()


def test_escape_sequences_take_no_columns() -> None:
    assert visible("\x1b[1;32mok\x1b[0m!") == 3


def test_json_silences_words_and_words_silence_json() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(as_json=True, out=out, err=err)
    console.say("words")
    console.note("words")
    console.data({"a": 1})
    assert (json.loads(out.getvalue()), err.getvalue()) == ({"a": 1}, "")
    out = io.StringIO()
    Console(out=out).data({"a": 1})
    assert out.getvalue() == ""


def test_an_error_is_one_message() -> None:
    err = io.StringIO()
    Console(err=err).error(CommandError("Bad.", where="here", do="Mend it."))
    assert err.getvalue() == "error: Bad.\n  where: here\n  do: Mend it.\n"
    err = io.StringIO()
    Console(err=err, as_json=True).error(CommandError("Bad."))
    assert json.loads(err.getvalue()) == {"error": "Bad."}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "250 ms"), (4.21, "4.2 s"), (187, "3 min 07 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds, words) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(999, "999 B"), (3400, "3.4 kB"), (12_000_000, "12.0 MB"), (5e12, "5.0 TB")]
)
def test_sizes(count, words) -> None:
    assert size(count) == words
