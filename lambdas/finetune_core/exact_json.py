"""Reads one line of JSON exactly: nothing is lost, and all that is wrong with the syntax is said.

The standard library's decoder keeps the last of two equal keys, takes NaN, and stops at the first error
with a terse message. This reader notes duplicate keys and constants and words the errors.
"""

import json
import re
from typing import Any, Final

from msgspec import Struct

_HINTS: Final = (
    (
        "Expecting property name enclosed in double quotes",
        "keys need double quotes, and no comma may follow the last",
    ),
    ("Invalid control character", "a line break or tab inside a string must be written as \\n or \\t"),
    ("Invalid \\escape", "a backslash inside a string must be written as \\\\"),
    ("Invalid \\uXXXX escape", "\\u needs four hexadecimal digits"),
    ("Unterminated string", 'a quote is missing; quotes inside a string must be written as \\"'),
    ("Expecting ',' delimiter", 'a comma is missing, or a quote inside a string is not written as \\"'),
    ("Expecting ':' delimiter", "a colon is missing after the key"),
    ("Extra data", "more than one JSON value is on this line"),
)


class Object(dict[str, Any]):
    """A JSON object that remembers the keys that were given more than once."""

    __slots__ = ("repeated",)
    repeated: tuple[str, ...]


class Parsed(Struct):
    """What a line holds. `error` is "" for good syntax; `at` is the character where it went wrong.

    `odd` says that a key is repeated in it, or that halves of characters may be in it.
    """

    value: Any = None
    error: str = ""
    at: int = 0
    cut_off: bool = False
    odd: bool = False
    constants: tuple[str, ...] = ()


def parse(text: str) -> Parsed:
    """Parse one line. Never raises: any text gives a value or an error in words."""
    constants: list[str] = []
    odd = _HALF.search(text) is not None

    def keep(pairs: list[tuple[str, Any]]) -> Object:
        nonlocal odd
        found = _object(pairs)
        odd = odd or bool(found.repeated)
        return found

    def note(constant: str) -> float:
        constants.append(constant)
        return float(constant)

    try:
        value = json.loads(text, object_pairs_hook=keep, parse_constant=note, parse_int=_integer)
    except json.JSONDecodeError as error:
        return _explained(text, error)
    except RecursionError:
        return Parsed(error="nested too deeply")
    return Parsed(value=value, constants=tuple(constants), odd=odd)


def has_lone_surrogate(text: str) -> bool:
    """Whether a decoded string holds half of a surrogate pair, which UTF-8 cannot write."""
    return _SURROGATE.search(text) is not None


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a character as an escape: of bytes in UTF-8 no other half is read."""


def _object(pairs: list[tuple[str, Any]]) -> Object:
    found = Object(pairs)
    found.repeated = ()
    if len(found) < len(pairs):
        seen: set[str] = set()
        found.repeated = tuple(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return found


def _integer(digits: str) -> int | float:
    """Read an integer of any length; Python refuses to convert more than 4,300 digits."""
    return int(digits) if len(digits) < 4_000 else float("inf")


def _explained(text: str, error: json.JSONDecodeError) -> Parsed:
    hint = next((words for start, words in _HINTS if error.msg.startswith(start)), "")
    if error.msg == "Expecting value":
        hint = _value_hint(text[error.pos : error.pos + 12])
    if error.msg == "Extra data" and text[error.pos :].strip() == ",":
        hint = "a comma follows the record: in JSON Lines nothing stands between two lines"
    cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    reason = error.msg[0].lower() + error.msg[1:]
    return Parsed(error=f"{reason}: {hint}" if hint else reason, at=error.pos, cut_off=cut_off)


def _value_hint(rest: str) -> str:
    if rest.startswith(("None", "True", "False")):
        return "None, True and False are Python; JSON writes null, true and false"
    if rest.startswith("'"):
        return "strings need double quotes"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments"
    if rest.startswith(("}", "]", ",")):
        return "a value is missing, or a comma is one too many"
    return "" if rest.strip() else "the value is missing"
