"""Answers drawn from the model at temperature 1, many prompts and many answers to each at once.

A prompt is read once and each of its answers grows by a token at a time. The distribution is that of
`network.forward`: with probability FLOOR any token, else a copy from the prompt with the gate's probability,
else a token of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .features import MATCHES, REACH, Floats, Ints, Memory, last_context_rows
from .network import ATTENTION, FLOOR, HIDDEN, Arrays
from .tokenizer import END, START, Tokenizer

ANSWERS_AT_ONCE = 1024
"""Answers that grow together, so that the memory taken has a bound."""

_NO_TOKEN = -2


@dataclass(frozen=True, slots=True)
class Drawn:
    """One answer: its ids [n], END among them if it ended by itself, and the log-probability of each [n]."""

    ids: npt.NDArray[np.int32]
    log_probabilities: Floats


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What attention needs of one prompt: keys [N, A], values [N, D], bag [D], tokens [MATCHES + N]."""

    keys: npt.NDArray[np.floating]
    values: npt.NDArray[np.floating]
    bag: npt.NDArray[np.floating]
    tokens: Ints
    late: npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class _Attention:
    """Where the answers begin .. end - 1 look in their prompt: alpha [S, N]."""

    begin: int
    end: int
    tokens: Ints
    alpha: npt.NDArray[np.floating]


def draw(
    parameters: Arrays,
    tokenizer: Tokenizer,
    prompts: Sequence[tuple[Memory, Floats]],
    *,
    count: int,
    max_tokens: int,
    rng: np.random.Generator,
) -> list[list[Drawn]]:
    """Return `count` answers of at most `max_tokens` tokens to each prompt.

    A prompt comes as its memory and the weights of its words.
    """
    found: list[list[Drawn]] = []
    portion = max(1, ANSWERS_AT_ONCE // count)
    for begin in range(0, len(prompts), portion):
        read = [_read(parameters, *prompt) for prompt in prompts[begin : begin + portion]]
        answers = _Drawing(parameters, tokenizer, read, rng).answers(count, max_tokens)
        found += [answers[k : k + count] for k in range(0, len(answers), count)]
    return found


def _read(parameters: Arrays, memory: Memory, weights: Floats) -> _Prompt:
    rows = parameters["memory"][memory.rows].sum(axis=1)
    size = len(memory.tokens)
    bag = weights @ parameters["bag"][memory.words] if size else np.zeros(HIDDEN, dtype=np.float32)
    padded = np.concatenate([np.full(MATCHES, _NO_TOKEN, dtype=np.int64), memory.tokens])
    late = np.linspace(0.0, 1.0, size, dtype=np.float32)
    return _Prompt(rows[:, :ATTENTION], rows[:, ATTENTION:], bag, padded, late)


class _Drawing:
    """Answers that grow together."""

    def __init__(
        self, parameters: Arrays, tokenizer: Tokenizer, prompts: list[_Prompt], rng: np.random.Generator
    ) -> None:
        self._parameters, self._tokenizer = parameters, tokenizer
        self._prompts, self._rng = prompts, rng

    def answers(self, count: int, max_tokens: int) -> list[Drawn]:
        """Return `count` answers to each prompt, one prompt after another."""
        total = len(self._prompts) * count
        ids = np.full((total, REACH + max_tokens), START, dtype=np.int64)
        logs = np.zeros((total, max_tokens), dtype=np.float32)
        lengths = np.zeros(total, dtype=np.int64)
        active = np.arange(total)
        for number in range(max_tokens):
            chosen, probabilities = self._next(active // count, ids[active, number : number + REACH])
            ids[active, REACH + number] = chosen
            logs[active, number] = np.log(probabilities)
            lengths[active] += 1
            active = active[chosen != END]
            if not len(active):
                break
        return [
            Drawn(ids[k, REACH : REACH + size].astype(np.int32), logs[k, :size])
            for k, size in enumerate(lengths)
        ]

    def _next(self, owners: Ints, recent: Ints) -> tuple[Ints, npt.NDArray[np.floating]]:
        """Draw the token after `recent` [S, REACH] for answers to the prompts `owners` [S]; give p too."""
        parameters = self._parameters
        sums = parameters["context"][last_context_rows(recent, self._tokenizer)].sum(axis=1)
        hidden, query, gate = sums[:, :HIDDEN].copy(), sums[:, HIDDEN:-1], sums[:, -1]
        best = np.zeros((len(recent), MATCHES), dtype=np.float32)
        looks: list[_Attention] = []
        starts = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
        for begin, end in pairwise([*starts, len(owners)]):
            prompt, here = self._prompts[owners[begin]], slice(begin, end)
            if len(prompt.keys):
                match = _matches(recent[here], prompt)
                alpha = self._attention(query[here], prompt, match)
                hidden[here] += alpha @ prompt.values + prompt.bag
                best[here] = match.max(axis=1)
                looks.append(_Attention(begin, end, prompt.tokens[MATCHES:], alpha))
        np.tanh(hidden, out=hidden)
        choice = np.concatenate([hidden, best, np.ones((len(hidden), 1), dtype=hidden.dtype)], axis=1)
        gate = 0.5 + 0.5 * np.tanh(0.5 * (choice @ parameters["copy"] + gate))
        gate *= np.array([len(self._prompts[owner].keys) > 0 for owner in owners])
        return self._pick(self._vocabulary(hidden), gate, looks)

    def _attention(
        self, query: npt.NDArray[np.floating], prompt: _Prompt, match: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        attend = self._parameters["attend"]
        scores = query @ prompt.keys.T + match @ attend[:MATCHES] + prompt.late * attend[MATCHES]
        alpha: npt.NDArray[np.floating] = np.exp(scores - scores.max(axis=1, keepdims=True))
        alpha /= alpha.sum(axis=1, keepdims=True)
        return alpha

    def _vocabulary(self, hidden: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        scores: npt.NDArray[np.floating] = hidden @ self._parameters["output"].T
        scores += self._parameters["bias"]
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def _pick(
        self,
        vocabulary: npt.NDArray[np.floating],
        gate: npt.NDArray[np.floating],
        looks: list[_Attention],
    ) -> tuple[Ints, npt.NDArray[np.floating]]:
        """Draw by kind first (any token, copy, vocabulary), then within the kind; give tokens and p."""
        count, size = len(vocabulary), len(vocabulary[0])
        kind, where = self._rng.random(count), self._rng.random(count)
        cumulative = vocabulary.cumsum(axis=1)
        chosen = (cumulative < (where * cumulative[:, -1])[:, None]).sum(axis=1)
        copies = (kind >= FLOOR) & (kind < FLOOR + (1.0 - FLOOR) * gate)
        chosen = np.where(kind < FLOOR, (where * size).astype(np.int64), np.minimum(chosen, size - 1))
        copied = np.zeros(count)
        for look in looks:
            here = slice(look.begin, look.end)
            reached = look.alpha.cumsum(axis=1)
            place = (reached < (where[here] * reached[:, -1])[:, None]).sum(axis=1)
            token = look.tokens[np.minimum(place, len(look.tokens) - 1)]
            chosen[here] = np.where(copies[here], token, chosen[here])
            copied[here] = (look.alpha * (look.tokens[None, :] == chosen[here][:, None])).sum(axis=1)
        mixed = (1.0 - gate) * vocabulary[np.arange(count), chosen] + gate * copied
        return chosen, (1.0 - FLOOR) * mixed + FLOOR / size


def _matches(recent: Ints, prompt: _Prompt) -> npt.NDArray[np.floating]:
    """Return [S, N, MATCHES]: 1 where the last k tokens equal the k before a position of the prompt."""
    size = len(prompt.keys)
    found = np.ones((len(recent), size), dtype=np.bool_)
    result = np.empty((len(recent), size, MATCHES), dtype=np.float32)
    for length in range(1, MATCHES + 1):
        theirs = prompt.tokens[MATCHES - length : MATCHES - length + size]
        found &= recent[:, -length][:, None] == theirs[None, :]
        result[:, :, length - 1] = found
    return result
