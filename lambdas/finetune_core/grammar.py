"""The language of faultless lines: one regular expression per format and rules, over raw bytes of UTF-8.

A line in the language is JSON with the format's keys, each once, the right types and roles in order; no text
is blank or holds a reserved string. The reverse does not hold: records with media or tools, and letters
written as escapes where a reserved string could hide behind them, are left out, so a line outside of the
language is not yet faulty. `fast_path` runs it; RE2 turns it into an automaton that reads each byte once.

How a regular expression without look-around excludes strings: each reserved string is a stem and a closing
colon or bracket ("user" and ":"). A text is cut after each closing byte, and a part may end with one only if
what stands before it ends with no stem: with a piece of a stem (or nothing) after a symbol that does not
continue it backwards.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

RESERVED: Final[dict[str, tuple[str, ...]]] = {
    "": (),
    "nova": (
        "system:", "user:", "bot:", "assistant:", "thought:", "[eos]", "<image>", "<video>", "<unk>",
    ),
    "claude": ("human:", "assistant:"),
}  # fmt: skip
"""By family: strings that no text of the language holds, in any case: what `reserved` finds, and more."""

_SPACE: Final = rb"[ \t]*"
_HEX: Final = rb"[0-9a-fA-F]"
_PRINTED: Final = frozenset(range(0x20, 0x80)) - frozenset(b'"\\')
_FROM_U4000: Final = (
    rb"[\xe4-\xec\xee\xef]TT|\xed[\x80-\x9f]T|\xf0[\x90-\xbf]TT|[\xf1-\xf3]TTT|\xf4[\x80-\x8f]TT"
)
_UTF8: Final = rb"[\xc2-\xdf]T|\xe0[\xa0-\xbf]T|[\xe1-\xe3]TT|" + _FROM_U4000
_PAIR: Final = rb"[dD][89abAB]HH\\u[dD][c-fC-F]HH"
_ESCAPES: Final = (
    rb'\\(?:["\\/bfnrt]|u(?:00[89a-fA-F]H|0[1-9a-fA-F]HH|[1-9a-cA-CefEF]HHH|[dD][0-7]HH|' + _PAIR
)
_ASCII_ESCAPES: Final = b"|00(?:0[1-9a-fA-F]|[1-7]H)"
_VISIBLE: Final = (
    rb'\\["\\/]|\xc2[\xa1-\xac\xae-\xbf]|[\xc3-\xcc\xce-\xd7\xd9-\xdf]T|\xcd[\x80-\x8e\x90-\xbf]'
    rb"|\xd8[\x80-\x9b\x9d-\xbf]|\xe0[\xa0-\xbf]T|\xe1[\x80-\x84\x86-\x99\x9b-\x9d\x9f\xa1-\xbf]T"
    rb"|\xe2[\x82-\x9f\xa1-\xbf]T|\xe3[\x81-\x84\x86-\xbf]T|[\xe4-\xec\xee]TT|\xed[\x80-\x9f]T"
    rb"|\xef[\x80-\xb7\xb9\xba\xbc\xbd]T|\xf0[\x90-\x9a\x9e-\xbf]TT"
    rb"|\\u(?:0[124-57-9a-fA-F]HH|03[0-35-9a-fA-F]H|06[02-9a-fA-F]H|1[02-59a-fA-F]HH|2[1-79a-fA-F]HH"
    rb"|3[2-9a-fA-F]HH|[4-9a-cA-CeE]HHH|[fF][0-9a-dA-D]HH|[dD][0-7]HH|[dD]83[c-fC-F]\\u[dD][c-fC-F]HH)"
)
"""Symbols beyond ASCII that are surely seen (see `findings.is_invisible`); not all there are."""


def _spelled(pattern: bytes) -> bytes:
    """Write out H, a hexadecimal digit, and T, the byte of a character after its first."""
    return pattern.replace(b"H", _HEX).replace(b"T", rb"[\x80-\xbf]")


KEYS: Final[dict[str, tuple[str, ...]]] = {
    "converse": ("schemaVersion", "system", "messages"),
    "messages": ("system", "messages"),
    "prompt-completion": ("prompt", "completion"),
    "input": ("input",),
    "text": ("text",),
}
"""The keys of a record, by format, in the usual order: of those formats that the language covers."""


class Shape(Struct, frozen=True):
    """What a line is made of: the keys of its record in their order, and those of a message in theirs."""

    keys: tuple[str, ...]
    turn: tuple[str, str] = ("role", "content")


def line(
    shape: Shape, format_name: str, family: str, *, version_required: bool, system_items: int | None
) -> bytes:
    """Return the language of faultless lines of one shape, without their line ends.

    `family` names the reserved strings, `version_required` says whether a Converse record must have its
    schemaVersion, `system_items` how many items a Converse system prompt must have.
    """
    text = b'"' + _text(RESERVED[family]) + b'"'
    item = _object([("text", text)])
    items = item + (_comma(item) + b"*" if system_items is None else _comma(item) * (system_items - 1))
    blocks = format_name == "converse"
    values = dict.fromkeys(("prompt", "completion", "input", "text"), text) | {
        "schemaVersion": b'"bedrock-conversation-2024"',
        "system": _array(items) if blocks else text,
        "messages": _turns(_array(item) if blocks else text, shape.turn),
    }
    optional = {"system"} if version_required else {"system", "schemaVersion"}
    return _SPACE + _object([(key, values[key]) for key in shape.keys], optional) + _SPACE


def _text(words: Iterable[str]) -> bytes:
    """Return the language of texts that are not blank and hold none of `words`."""
    closings: dict[int, list[str]] = {}
    for word in words:
        closings.setdefault(ord(word[-1]), []).append(word[:-1])
    open_ = _PRINTED - closings.keys()
    beyond = _spelled(_UTF8 + b"|" + _ESCAPES + (b"" if closings else _ASCII_ESCAPES) + b"))")
    symbols = b"(?:" + _class(open_) + b"|" + beyond + b")*"
    visible = b"(?:" + _class(open_ - {0x20, 0x7F}) + b"|" + _spelled(_VISIBLE) + b")"
    if not closings:
        return symbols + visible + symbols
    parts = [(_stopped(stems, "", open_), _pieces(stems, ""), at) for at, stems in closings.items()]
    stopped = b"|".join(ends + _class({at}) for ends, _, at in parts)
    pieces = b"|".join(piece + _class({at}) for _, piece, at in parts)
    part = b"(?:%s(?:%s|(?:%s)(?:%s))|%s)" % (symbols, stopped, beyond, pieces, pieces)
    return part + b"*(?:" + part + b"|" + symbols + visible + b")" + symbols


def _stopped(stems: list[str], tail: str, open_: frozenset[int]) -> bytes:
    """Return the language of a byte that continues no stem, then the end of a stem: `tail` or more of it."""
    onward = _onward(stems, tail)
    ends = [_class(open_ - {byte for letter in onward for byte in _cases(letter)})]
    ends += [
        _stopped(stems, letter + tail, open_) + _class(_cases(letter))
        for letter in sorted(onward)
        if letter + tail not in stems
    ]
    return b"(?:" + b"|".join(ends) + b")"


def _pieces(stems: list[str], tail: str) -> bytes:
    """Return the language of what may stand before `tail` to make it a longer end of a stem, not a stem."""
    more = [
        _pieces(stems, letter + tail) + _class(_cases(letter))
        for letter in sorted(_onward(stems, tail))
        if letter + tail not in stems
    ]
    return b"(?:" + b"|".join(more) + b")?" if more else b""


def _onward(stems: list[str], tail: str) -> set[str]:
    """Return the letters that stand before `tail` where a stem ends with it."""
    return {stem[-len(tail) - 1] for stem in stems if stem.endswith(tail) and len(stem) > len(tail)}


def _cases(letter: str) -> set[int]:
    return {ord(letter.lower()), ord(letter.upper())}


def _class(members: Iterable[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(members)) + b"]"


def _turns(content: bytes, keys: tuple[str, str]) -> bytes:
    """Return an array of messages: user and assistant by turns."""
    user, assistant = (
        _object([(key, b'"%s"' % role if key == "role" else content) for key in keys])
        for role in (b"user", b"assistant")
    )
    pair = user + _comma(assistant)
    return _array(b"(?:" + pair + _SPACE + b"," + _SPACE + b")*" + pair)


def _object(pairs: list[tuple[str, bytes]], optional: Iterable[str] = ()) -> bytes:
    """Return an object with these members in this order; at least one of them is not optional."""
    written = b""
    first_required = next(key for key, _ in pairs if key not in optional)
    before = True
    for key, value in pairs:
        member = b'"%s"%s:%s%s' % (key.encode(), _SPACE, _SPACE, value)
        if key == first_required:
            written += member
            before = False
        else:
            member = b"(?:" + member + _SPACE + b"," + _SPACE + b")" if before else _comma(member)
            written += member + (b"?" if key in optional else b"")
    return rb"\{" + _SPACE + written + _SPACE + rb"\}"


def _array(items: bytes) -> bytes:
    return rb"\[" + _SPACE + items + _SPACE + rb"\]"


def _comma(item: bytes) -> bytes:
    return b"(?:" + _SPACE + b"," + _SPACE + item + b")"
