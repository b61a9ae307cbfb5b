"""The searches behind the fast path: one mark for each thing of interest in the raw bytes of a block.

Every search is anchored on one literal byte, which the regular expression engine finds at about four bytes a
nanosecond; what it does at each hit is what costs. See `fast_path` for what the marks prove.
"""

import re
from collections.abc import Callable
from typing import Final

_KEY: Final = rb'(?<=[^\\ \t\r:]":)'
_SPACED: Final = rb'(?<=[ \t\r]:)(?:(?<=[^\\]"[ \t\r]:)|(?<=[ \t\r][ \t\r]:))'
_SPACES: Final = (
    rb" |\\[nrtf]|\\u(?:00(?:0[9a-dA-D]|1[c-fC-F]|20|85|[aA]0)|1680|20(?:0[0-9aA]|2[89fF]|5[fF])|3000)"
    rb"|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
)
_BLANK: Final = b"(?:" + _SPACES + b')*"'
_WORDS: Final = (b"system", b"user", b"bot", b"assistant", b"thought")
_ESCAPED_ASCII: Final = re.compile(rb"\\u00[0-7]")
_BRACKETED: Final = re.compile(rb"<(?:image|video|unk)>", re.IGNORECASE)

_FEW: Final = 64
"""Hits of a rare byte that are looked at one by one before the regular expression takes over."""


def _any_case(word: bytes) -> bytes:
    return b"".join(b"[%c%c]" % pair for pair in zip(word, word.upper(), strict=True))


RESERVED_WORDS: Final[dict[str, bytes]] = {
    "": b"",
    "nova": rb"|(?<=[mrtMRT]:)(?:" + b"|".join(b"(?<=%s:)" % _any_case(word) for word in _WORDS) + b")",
    "claude": rb"|(?<=[nt]:)(?:(?<=\\nHuman:)|(?<=\\nAssistant:))",
}
"""By family: alternatives that match at the colon of a reserved word."""


def key_marks(family: str) -> re.Pattern[bytes]:
    """Return a search with one mark per key of a record, per reserved word and per oddly spaced colon."""
    return re.compile(b":(?:" + _KEY + b"|" + _SPACED + RESERVED_WORDS[family] + rb")")


def turn_marks(opening: bytes, family: str, *, careful: bool) -> re.Pattern[bytes]:
    """Return a search that folds a message's keys into one mark, the first letter of its role.

    `opening` is what stands between a role and its text: `", "content": [{"text": "`. The jump
    over it is of fixed length, too short to hold another key, so it need not be compared in full. Other
    marks are empty. `careful` looks behind leading white space, escapes and non-ASCII letters, to tell a
    blank text from one that only starts with them; without it such a message is not folded and counts more.
    """
    tail = opening[opening.rindex(b"t") :]
    space = b" " if opening.endswith(b' "') else b""
    user = len(b"ser") + len(opening) - len(tail)
    plain = rb'[^ \\"\xc2\xe1-\xe3]'
    begins = rb"(?:%s|(?!%s))" % (plain, _BLANK) if careful else plain
    fold = rb':(?:%s"([ua])(?s:.{%d}|.{%d})%s%s' % (space, user, user + 5, re.escape(tail), begins)
    return re.compile(fold + b"|" + _KEY + b"|" + _SPACED + RESERVED_WORDS[family] + rb")")


def _has_eos(block: bytes) -> bool:
    """Whether the block holds `[EOS]`: capital O is rare in most texts."""
    at = block.find(b"O")
    for _ in range(_FEW):
        if at < 0:
            return False
        if block.startswith(b"S]", at + 1) and block.endswith(b"[E", 0, at):
            return True
        at = block.find(b"O", at + 1)
    return b"[EOS]" in block[max(at - 2, 0) :] if at >= 0 else False


def _has_bracketed(block: bytes) -> bool:
    """Whether the block holds `<image>`, `<video>` or `<unk>` in any case."""
    at = block.find(b"<")
    for _ in range(_FEW):
        if at < 0:
            return False
        if block[at + 1 : at + 2] in b"iIvVuU" and _BRACKETED.match(block, at):
            return True
        at = block.find(b"<", at + 1)
    return at >= 0 and _BRACKETED.search(block, at) is not None


def nova_suspect(block: bytes) -> bool:
    """Whether a block may hold a reserved string that has no colon, or hides one behind escapes."""
    return _ESCAPED_ASCII.search(block) is not None or _has_eos(block) or _has_bracketed(block)


def escape_suspect(block: bytes) -> bool:
    """Whether a block writes ASCII letters as escapes, behind which a reserved string may hide."""
    return _ESCAPED_ASCII.search(block) is not None


def never_suspect(block: bytes) -> bool:
    """Return False: nothing is reserved."""
    return False


SUSPECT: Final[dict[str, Callable[[bytes], bool]]] = {
    "": never_suspect,
    "nova": nova_suspect,
    "claude": escape_suspect,
}
"""By family: the check for what the marks do not show."""
