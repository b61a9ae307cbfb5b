"""The account of a conversion: every loss counted, a few shown, all of them written to a file.

A record's losses are collected in its `Notes` and enter the account only when its fate is known: of a
record that is left out, the one thing to say is that it was left out, and why.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal

Effect = Literal["dropped", "lost", "changed", "to do"]
EXAMPLES: Final = 3
VALUE_LENGTH: Final = 160
_ORDER: Final = {"dropped": 0, "to do": 1, "lost": 2, "changed": 3}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of loss: what became of the data, and what it means for the person who trains on it."""

    effect: Effect
    meaning: str


KINDS: Final[dict[str, Kind]] = {
    # records left out
    "broken-json": Kind("dropped", "not JSON: repair the line"),
    "not-utf8": Kind("dropped", "not UTF-8: save the file as UTF-8"),
    "not-an-object": Kind("dropped", "not a JSON object"),
    "unknown-format": Kind(
        "dropped", "no known format: name the fields with --prompt-field and --completion-field"
    ),
    "malformed": Kind("dropped", "does not follow its own format"),
    "no-question": Kind("dropped", "nothing that the user says"),
    "no-answer": Kind("dropped", "nothing that the assistant answers"),
    "plain-text": Kind(
        "dropped", "plain text has no question and answer: it suits --type continued-pre-training"
    ),
    "no-image": Kind("dropped", "an image and its caption are wanted: there is no image, or more than one"),
    "media-not-taken": Kind("dropped", "holds media that the model or the format does not take"),
    "media-unusable": Kind("dropped", "holds media that cannot be used: Bedrock reads media from S3 only"),
    "media-needs-prefix": Kind(
        "dropped",
        "holds inline media: say where in S3 the files will lie with --media-prefix s3://BUCKET/PREFIX",
    ),
    # left to do
    "media-to-upload": Kind("to do", "inline media, written to a file: upload it to the URI in the record"),
    # information lost
    "name": Kind("lost", "names of participants: the format has no place for them"),
    "weight": Kind("lost", "weight 0: Bedrock trains on every assistant turn, so on this one too"),
    "key": Kind("lost", "keys that the target format does not know"),
    "repeated-key": Kind("lost", "keys given twice in one object: the last value stays"),
    "reasoning": Kind("lost", "reasoning: the model does not take it for training"),
    "system-into-prompt": Kind("lost", "a system text has no place of its own: it opens the prompt"),
    "turns-into-prompt": Kind(
        "lost", "earlier turns become part of the prompt: only the last answer is learned"
    ),
    "roles": Kind("lost", "who said what: everything became one text"),
    "question": Kind("lost", "the words beside an image: only the answer is kept, as the caption"),
    "tool-call-as-text": Kind(
        "lost", "tool calls written as text: the model takes no tool use in training data"
    ),
    "tool-result-as-text": Kind("lost", "tool results written as text"),
    "tools-as-text": Kind("lost", "declared tools written into the system text"),
    "unanswered-turn": Kind("lost", "user turns at the end that nobody answers"),
    "leading-answer": Kind(
        "lost", "assistant turns before the first user turn: a record starts with the user"
    ),
    "trailing-answer": Kind("lost", "an answer where a prompt is wanted"),
    "system-moved": Kind("lost", "system texts in the middle of a conversation: moved to its start"),
    # rearranged, nothing lost
    "empty-turn": Kind("changed", "turns without content: left out"),
    "merged-turns": Kind("changed", "turns of the same role in a row: merged into one"),
    "system-joined": Kind("changed", "several system texts: joined into the one that the model takes"),
    "tool-id": Kind("changed", "tool calls without a usable id: ids made"),
    "tool-renamed": Kind("changed", "tool names that Bedrock refuses: other characters became _"),
    "tool-declared": Kind("changed", "tools called but never declared: declared with an open schema"),
    "media-format": Kind(
        "changed", "media whose bytes are of another format than declared: the bytes decide"
    ),
    "reference-as-answer": Kind("changed", "reference_answer became the assistant's answer"),
    "answer-as-reference": Kind("changed", "the last answer became reference_answer, for the grader"),
}


class Notes:
    """What one record loses on its way: kind, place in the source record (a JSON path) and value."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def note(self, kind: str, path: str = "$", value: object = None) -> None:
        """Note a loss of `kind`, which must be in `KINDS`."""
        self.found.append((kind, path, "" if value is None else shorten(value)))


@dataclass(slots=True)
class Tally:
    """All losses of one kind: how often, in how many records, the first few, and how often at which key."""

    count: int = 0
    records: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)


class Account:
    """All losses of a conversion; a context manager that leaves `path` behind only if there are any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tallies: dict[str, Tally] = {}
        self._stream: IO[str] | None = None

    def __enter__(self) -> Account:
        """Forget the losses of an earlier conversion."""
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        """Close the file, if there is one; the account of a conversion that failed goes with it."""
        if self._stream is not None:
            self._stream.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def add(self, line: int, record: int, found: list[tuple[str, str, str]]) -> None:
        """Enter one record's losses. `line` and `record` count from 1."""
        for kind, path, value in found:
            tally = self.tallies.setdefault(kind, Tally())
            entry = {"line": line, "record": record, "kind": kind, "effect": KINDS[kind].effect, "path": path}
            if value:
                entry["value"] = value
            tally.count += 1
            if kind == "key":
                tally.keys[path.rpartition(".")[2]] += 1
            if len(tally.examples) < EXAMPLES:
                tally.examples.append({key: entry[key] for key in ("line", "path", "value") if key in entry})
            self._write(entry)
        for kind in {kind for kind, _, _ in found}:
            self.tallies[kind].records += 1

    def as_list(self) -> list[dict[str, Any]]:
        """One entry a kind, the gravest first."""
        ranked = sorted(
            self.tallies.items(), key=lambda pair: (_ORDER[KINDS[pair[0]].effect], -pair[1].count)
        )
        return [
            {
                "kind": kind,
                "effect": KINDS[kind].effect,
                "meaning": KINDS[kind].meaning,
                "count": tally.count,
                "records": tally.records,
                **({"keys": dict(tally.keys.most_common())} if tally.keys else {}),
                "examples": tally.examples,
            }
            for kind, tally in ranked
        ]

    def _write(self, entry: dict[str, Any]) -> None:
        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8", newline="\n")
        self._stream.write(json.dumps(entry, ensure_ascii=False) + "\n")


def shorten(value: object) -> str:
    """`value` as text, cut to a length that fits a report."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"
