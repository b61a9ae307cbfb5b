"""Proves blocks of records faultless, faster than decoding them; judges nothing.

RE2 matches a whole block of lines against the language of faultless lines (`grammar`): an automaton that
reads each byte once. How the keys of a record are ordered is learned from the lines themselves.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec
import re2  # type: ignore[import-untyped]

from finetune_core import grammar
from finetune_core.findings import Spec
from finetune_core.grammar import KEYS, Shape
from finetune_core.tokens import most_tokens

Machine = Callable[[bytes], object]
"""Takes whole lines; returns None unless all of them are of its language."""

_BOUNDLESS: Final = 1 << 62
_WINDOW: Final = 8_192
"""Bytes without a line end from which on a line may be too long: few lines are longer."""
_AUTOMATON_BYTES: Final = 16 * 1_048_576
_keys: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class FastPath:
    """The fast path for one file: accepts what it can prove, leaves the rest to the exact check."""

    def __init__(self, spec: Spec) -> None:
        rules = spec.rules
        tokens = rules.tokens_max
        self._tokens = (tokens.strict or tokens.value) if tokens else _BOUNDLESS
        sizes = [limit.value for limit in (rules.line_bytes, rules.characters_max) if limit]
        self._size = min(sizes, default=_BOUNDLESS)
        self._longest = min(2 * self._tokens, self._size)
        self._spec = spec
        prompts_alone = rules.validation_file == "refused" and not rules.strict_turns
        chat = spec.format in ("converse", "messages")
        self._covered = spec.format in KEYS and not (chat and prompts_alone)
        self._machines: dict[Shape, Machine] = {}
        if self._covered:
            self._learn(Shape(KEYS[spec.format]))

    def accept(self, block: bytes, lines: list[bytes]) -> bool:
        """Whether a block of whole lines, each with its line end, is proved faultless."""
        if not self._covered or (self._may_be_too_long(block) and any(map(self._is_too_long, lines))):
            return False
        for shape, machine in self._machines.items():
            if machine(block) is not None:
                self._prefer(shape)
                return True
        return False

    def accept_line(self, line: bytes) -> bool:
        """Whether one line is proved faultless."""
        if self.accept(line, [line]):
            return True
        shape = self._shape(line) if self._covered else None
        if shape is None or shape in self._machines:
            return False
        self._learn(shape)
        return self.accept(line, [line])

    def _is_too_long(self, line: bytes) -> bool:
        """Whether a line may have more bytes, characters or tokens than the rules take."""
        size = len(line)
        return size > self._longest and (size > self._size or most_tokens(line) > self._tokens)

    def _may_be_too_long(self, block: bytes) -> bool:
        """Whether a line may be longer than the rules take: then it covers one of these windows."""
        window = min(_WINDOW, self._longest // 2)
        return len(block) > self._longest and any(
            block.find(b"\n", at, at + window) < 0
            for at in range(0, len(block) - window + 1, self._longest - window)
        )

    def _prefer(self, shape: Shape) -> None:
        """Try this shape first from now on: a file is written in one way."""
        if next(iter(self._machines)) != shape:
            self._machines = {shape: self._machines.pop(shape)} | self._machines

    def _learn(self, shape: Shape) -> None:
        rules = self._spec.rules
        required = rules.schema_version == "required"
        self._machines[shape] = _machine(
            shape, self._spec.format, rules.reserved, required, rules.system_items
        )

    def _shape(self, line: bytes) -> Shape | None:
        """Return the order of a line's keys, those that it lacks in front; None if it has unknown keys."""
        try:
            held = tuple(_keys(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        known = KEYS[self._spec.format]
        if not set(held) <= set(known):
            return None
        keys = tuple(key for key in known if key not in held) + held
        reversed_turn = 0 <= line.find(b'"content"') < line.find(b'"role"')
        return Shape(keys, ("content", "role") if reversed_turn else ("role", "content"))


@lru_cache(maxsize=64)
def _machine(
    shape: Shape, format_name: str, family: str, version_required: bool, system_items: int | None
) -> Machine:
    """Return the automaton for lines of one shape; it is built while it reads, a state at a time."""
    options: Any = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _AUTOMATON_BYTES
    language = grammar.line(
        shape, format_name, family, version_required=version_required, system_items=system_items
    )
    # \z: a match ends with the text alone. Else each line ends one, which the processor does not foresee.
    match: Machine = re2.compile(b"(?:" + language + b"\n)+\\z", options).fullmatch
    return match
