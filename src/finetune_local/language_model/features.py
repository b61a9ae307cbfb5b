"""What the network sees of a prompt and of the completion so far: hashed n-grams, words and matches.

All functions are vectorised over positions and return table rows (int64) or weights (float32).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from .tokenizer import START, Tokenizer

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint64]

CONTEXT_ROWS = 1 << 15
MEMORY_ROWS = 1 << 14
BAG_ROWS = 1 << 14

CONTEXT_ORDERS = (1, 2, 3, 4, 6)
"""Lengths of the n-grams of tokens before the predicted one."""

CONTEXT_FEATURES = len(CONTEXT_ORDERS) + 3
WORD_TOKENS = 12
"""Tokens at the end of a longer word that stand for it."""

REACH = 3 * WORD_TOKENS + 1
"""Tokens before a position that its features can look at."""

MEMORY_TOKENS = 256
"""Tokens at the end of a prompt that can be attended to and copied from."""

MEMORY_CHARACTERS = 2_000
MATCHES = 3
"""Lengths 1..MATCHES of the matches between the last tokens and the tokens before a prompt position."""

_PRIME = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_WORD = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")


@dataclass(frozen=True, slots=True)
class Memory:
    """The end of a prompt: its tokens [n], their feature rows [n, k], and the rows of its words [m]."""

    tokens: Ints
    rows: Ints
    words: Ints


def _to_rows(values: Hashes, salt: int, size: int) -> Ints:
    mixed = (values + np.uint64(salt * 0x2545F4914F6CDD1D & 0xFFFFFFFFFFFFFFFF)) * _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    return ((mixed >> np.uint64(40)) % np.uint64(size)).astype(np.int64)


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Return the powers of _PRIME and of its inverse modulo 2**64."""
    inverse = pow(_PRIME, -1, 1 << 64)
    up, down = [1], [1]
    for _ in range(size - 1):
        up.append(up[-1] * _PRIME % (1 << 64))
        down.append(down[-1] * inverse % (1 << 64))
    return np.array(up, dtype=np.uint64), np.array(down, dtype=np.uint64)


def context_rows(ids: Ints, first: int, tokenizer: Tokenizer) -> Ints:
    """Return the rows [len(ids) - first + 1, CONTEXT_FEATURES] for predicting ids[first] and all after it."""
    begin = max(0, first - REACH)
    padded = np.concatenate([np.full(REACH, START, dtype=np.int64), ids[begin:]])
    offset = REACH + first - begin
    count = len(padded) - offset + 1
    codes = (padded + 2).astype(np.uint64)
    columns: list[Ints] = []
    rolling = np.zeros(count, dtype=np.uint64)
    for order in range(1, max(CONTEXT_ORDERS) + 1):
        rolling = rolling * np.uint64(_PRIME) + codes[offset - order : offset - order + count]
        if order in CONTEXT_ORDERS:
            columns.append(_to_rows(rolling, order, CONTEXT_ROWS))
    return np.stack(columns + _word_columns(padded, codes, offset, tokenizer), axis=1)


def _word_columns(padded: Ints, codes: Hashes, offset: int, tokenizer: Tokenizer) -> list[Ints]:
    """Return rows for the word so far: alone, with the word before it, and with the two before."""
    up, down = _powers(1 << (len(padded) + 1).bit_length())
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(codes * up[: len(codes)])])
    starts = np.where(padded == START, True, tokenizer.starts_word[padded])
    begins = np.maximum.accumulate(np.where(starts, np.arange(len(padded)), 0))
    begins = np.maximum(begins, np.arange(len(padded)) - WORD_TOKENS + 1)
    words = (sums[1:] - sums[begins]) * down[begins]
    last = np.arange(offset - 1, len(padded))
    before = np.maximum(begins[last] - 1, 0)
    before2 = np.maximum(begins[before] - 1, 0)
    one = words[last]
    two = one * np.uint64(_PRIME) + words[before]
    three = two * np.uint64(_PRIME) + words[before2]
    return [_to_rows(value, 20 + n, CONTEXT_ROWS) for n, value in enumerate((one, two, three))]


def last_context_rows(recent: Ints, tokenizer: Tokenizer) -> Ints:
    """Return the rows [S, CONTEXT_FEATURES] for what follows each of `recent` [S, REACH], START at its front.

    The same rows as those of `context_rows` for the last position, for many answers at once.
    """
    codes = (recent + 2).astype(np.uint64)
    columns: list[Ints] = []
    rolling = np.zeros(len(recent), dtype=np.uint64)
    for order in range(1, max(CONTEXT_ORDERS) + 1):
        rolling = rolling * np.uint64(_PRIME) + codes[:, -order]
        if order in CONTEXT_ORDERS:
            columns.append(_to_rows(rolling, order, CONTEXT_ROWS))
    up, down = _powers(1 << (REACH + 1).bit_length())
    sums = np.zeros((len(recent), REACH + 1), dtype=np.uint64)
    np.cumsum(codes * up[:REACH], axis=1, out=sums[:, 1:])
    starts = (recent == START) | tokenizer.starts_word[recent]
    begins = np.maximum.accumulate(np.where(starts, np.arange(REACH), 0), axis=1)
    begins = np.maximum(begins, np.arange(REACH) - WORD_TOKENS + 1)
    each, value = np.arange(len(recent)), np.zeros(len(recent), dtype=np.uint64)
    last = np.full(len(recent), REACH - 1)
    for words in range(3):
        begin = begins[each, last]
        value = value * np.uint64(_PRIME) + (sums[each, last + 1] - sums[each, begin]) * down[begin]
        columns.append(_to_rows(value, 20 + words, CONTEXT_ROWS))
        last = np.maximum(begin - 1, 0)
    return np.stack(columns, axis=1)


@lru_cache(maxsize=100_000)
def _word_row(word: str) -> int:
    return crc32(word.encode("utf-8", errors="replace")) % BAG_ROWS


def read_prompt(prompt: str, tokenizer: Tokenizer) -> Memory:
    """Return what the network keeps of `prompt`; only its end counts, so that the cost has a bound."""
    end = prompt.rstrip()[-MEMORY_CHARACTERS:]
    tokens = np.array(tokenizer.encode(end)[-MEMORY_TOKENS:], dtype=np.int64)
    words = _WORD.findall(end.lower())
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    bag = np.array(sorted({_word_row(word) for word in words + pairs}), dtype=np.int64)
    return Memory(tokens, _memory_rows(tokens), bag)


def _memory_rows(tokens: Ints) -> Ints:
    """Return feature rows [n, 4]: the token, the one before, the two before, the token and the next."""
    padded = np.concatenate([[START, START], tokens, [START]]) + 2
    codes = padded.astype(np.uint64)
    size = len(tokens)
    before2, before, here, after = (codes[k : k + size] for k in range(4))
    prime = np.uint64(_PRIME)
    keys = (here, before, before2 * prime + before, here * prime + after)
    return np.stack([_to_rows(key, 40 + n, MEMORY_ROWS) for n, key in enumerate(keys)], axis=1)


def matches(ids: Ints, first: int, memory: Ints) -> Floats:
    """Return [positions, len(memory), MATCHES]: 1 where the last k tokens equal the k before a position."""
    count = len(ids) - first + 1
    own = np.concatenate([np.full(MATCHES, -1, dtype=np.int64), ids])
    theirs = np.concatenate([np.full(MATCHES, -2, dtype=np.int64), memory])
    found = np.ones((count, len(memory)), dtype=np.bool_)
    result = np.empty((count, len(memory), MATCHES), dtype=np.float32)
    for length in range(1, MATCHES + 1):
        mine = own[MATCHES + first - length : MATCHES + first - length + count]
        found &= mine[:, None] == theirs[None, MATCHES - length : MATCHES - length + len(memory)]
        result[:, :, length - 1] = found
    return result
