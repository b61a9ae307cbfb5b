"""Byte-fallback tokenizer whose pieces come from the package's own base text.

Every text can be encoded: what no piece covers is spelled in bytes. The vocabulary belongs to the base model
and never changes in tuning, so losses per token of a base and of a tuned model can be compared.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

END = 256
"""Id of the piece that ends a completion; ids below it are single bytes."""

START = -1
"""Stands before the first token of a completion in context features; never predicted."""

VOCABULARY_SIZE = 2048

_WORDS = re.compile(r" +(?= )| ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]|\s")
_LONGEST_PIECE = 16
_CACHE_LIMIT = 200_000


def base_text() -> str:
    """Return the text that the base model and its vocabulary are made from."""
    return resources.files(__package__).joinpath("base_text.txt").read_text(encoding="utf-8")


class Tokenizer:
    """Splits text into words, and words greedily into the longest known pieces, bytes at last."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces: list[bytes] = [bytes([byte]) for byte in range(256)] + [b""] + pieces
        self._ids = {piece: number for number, piece in enumerate(self.pieces) if piece}
        self._known: dict[str, tuple[int, ...]] = {}
        starts = [not piece[:1].isalnum() and piece[:1] < b"\x80" for piece in self.pieces]
        self.starts_word: npt.NDArray[np.bool_] = np.array(starts)

    def __len__(self) -> int:
        """Return the size of the vocabulary."""
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text` (without END); any text can be encoded and decodes to itself."""
        known = self._known
        ids: list[int] = []
        for word in _WORDS.findall(text):
            found = known.get(word)
            ids.extend(self._split(word) if found is None else found)
        return ids

    def decode(self, ids: list[int]) -> str:
        """Return the text of `ids`; bytes that are not UTF-8 become replacement characters."""
        return b"".join(self.pieces[number] for number in ids).decode("utf-8", errors="replace")

    def _split(self, word: str) -> tuple[int, ...]:
        raw = word.encode("utf-8", errors="replace")
        ids: list[int] = []
        at = 0
        while at < len(raw):
            for end in range(min(len(raw), at + _LONGEST_PIECE), at, -1):
                number = self._ids.get(raw[at:end])
                if number is not None:
                    ids.append(number)
                    at = end
                    break
        if len(self._known) >= _CACHE_LIMIT:
            self._known.clear()
        self._known[word] = tuple(ids)
        return tuple(ids)


def learn_pieces(text: str, number: int) -> list[bytes]:
    """Return `number` pieces for `text`: indents, characters after a space, its words, then
    the parts that words share.
    """
    words = Counter(_WORDS.findall(text))
    spaced = [" " + character for character in string.ascii_letters + string.digits + string.punctuation]
    indents = [" " * width for width in (2, 3, 4, 8)]
    pieces = dict.fromkeys(indents + spaced + [word for word, _ in words.most_common() if len(word) > 1])
    parts: Counter[str] = Counter()
    for stem in (word.strip() for word in words):
        if stem.isalpha():
            for form in {stem, " " + stem, " " + stem.lower(), " " + stem.capitalize()}:
                parts.update(_parts(form))
    by_saving = sorted(parts.items(), key=lambda item: (-(len(item[0]) - 1) * item[1], item[0]))
    pieces.update(dict.fromkeys(part for part, _ in by_saving))
    return [piece.encode() for piece in list(pieces)[:number]]


def _parts(word: str) -> set[str]:
    """Return the substrings of two to four characters of `word`."""
    return {word[i : i + length] for length in (2, 3, 4) for i in range(len(word) - length + 1)}


@cache
def base_tokenizer() -> Tokenizer:
    """Return the one tokenizer of every model."""
    return Tokenizer(learn_pieces(base_text(), VOCABULARY_SIZE - 257))
