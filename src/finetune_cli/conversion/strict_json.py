"""JSON as the standard has it, for values that are cut out of a longer text; notes keys given twice.

The standard library's decoder takes NaN, turns numbers that are too large into infinity, stops with another
error at very long ones, and keeps the last of two equal keys without a word.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

_MOST_DIGITS = 4_000


class NotJsonError(Exception):
    """What stands in the text is no JSON, or no number that can be kept."""


class StrictDecoder:
    """Decodes one value after the other; `repeated` holds the keys that the last one gave twice."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )

    def decode(self, text: str, at: int) -> tuple[Any, int]:
        """Return the value at `at` and where it ends.

        Raises:
            json.JSONDecodeError: there is no whole value; NotJsonError: one that JSON does not have.
        """
        self.repeated.clear()
        return self._decoder.raw_decode(text, at)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated += sorted({key for key in keys if keys.count(key) > 1})
        return found


def repeated_keys(line: bytes) -> tuple[str, ...]:
    """The keys that a line of good JSON gives twice."""
    decoder = StrictDecoder()
    try:
        decoder.decode(line.decode("utf-8").lstrip(), 0)
    except (json.JSONDecodeError, NotJsonError, RecursionError):
        return ()
    return tuple(decoder.repeated)


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise NotJsonError(f"a number has {len(digits):,} digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJsonError(f"the number {digits[:20]} is too large")
    return value
