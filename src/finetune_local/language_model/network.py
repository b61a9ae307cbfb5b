"""The network: hashed n-grams of the answer so far, attention over the prompt, and a choice between
predicting a token from the vocabulary and copying one from the prompt. Gradients are written by hand.

Shapes: T positions, N prompt tokens, V vocabulary, D hidden, A attention. For position t

    u = sum of context rows + bag of prompt words + attended prompt values           [D]
    p = (1 - FLOOR) * ((1 - g) * softmax(tanh(u) @ output.T + bias) + g * copied) + FLOOR / V

so p sums to 1 over the vocabulary and no token ever has probability zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import (
    BAG_ROWS,
    CONTEXT_ROWS,
    MATCHES,
    MEMORY_ROWS,
    Floats,
    Ints,
    Memory,
    context_rows,
    matches,
)
from .tokenizer import VOCABULARY_SIZE, Tokenizer

HIDDEN = 64
ATTENTION = 32
FLOOR = 1e-4
"""Share of the probability that is spread evenly over the vocabulary."""

Arrays = dict[str, npt.NDArray[np.floating]]

SPARSE = ("context", "memory", "bag")
"""Tables of which a step touches a few rows only."""

SEGMENTS = {
    "context": (HIDDEN, HIDDEN + ATTENTION, HIDDEN + ATTENTION + 1),
    "memory": (ATTENTION, ATTENTION + HIDDEN),
    "bag": (HIDDEN,),
    "output": (HIDDEN,),
}
"""Ends of the parts of a row, each with its own step size: hidden, query and gate; key and value."""


def initial_parameters(rng: np.random.Generator) -> Arrays:
    """Return untrained parameters; only codes of tokens and keys of prompt positions start at random."""

    def normal(rows: int, columns: int, scale: float) -> Floats:
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    memory = np.concatenate(
        [normal(MEMORY_ROWS, ATTENTION, 0.3), np.zeros((MEMORY_ROWS, HIDDEN), dtype=np.float32)], axis=1
    )
    copy = np.zeros(HIDDEN + MATCHES + 1, dtype=np.float32)
    copy[-1] = -3.0
    return {
        "context": np.zeros((CONTEXT_ROWS, HIDDEN + ATTENTION + 1), dtype=np.float32),
        "memory": memory,
        "bag": np.zeros((BAG_ROWS, HIDDEN), dtype=np.float32),
        "output": normal(VOCABULARY_SIZE, HIDDEN, 0.3),
        "bias": np.zeros(VOCABULARY_SIZE, dtype=np.float32),
        "attend": np.array([1.0] * MATCHES + [0.0], dtype=np.float32),
        "copy": copy,
    }


@dataclass(frozen=True, slots=True)
class Window:
    """Positions to predict: `targets` follow ids[:first], ids[:first + 1], ...; ids lack the last target."""

    memory: Memory
    weights: Floats
    ids: Ints
    first: int
    targets: Ints


@dataclass(slots=True)
class Attended:
    """One window's part of the forward pass, kept for the backward pass."""

    window: Window
    rows: Ints
    hidden: npt.NDArray[np.floating]
    query: npt.NDArray[np.floating]
    gate: npt.NDArray[np.floating]
    keys: npt.NDArray[np.floating]
    values: npt.NDArray[np.floating]
    match: npt.NDArray[np.floating]
    alpha: npt.NDArray[np.floating]


def attend(parameters: Arrays, window: Window, tokenizer: Tokenizer) -> Attended:
    """Return hidden sums [T, D], gate sums [T] and attention [T, N] of one window."""
    rows = context_rows(window.ids, window.first, tokenizer)
    sums = parameters["context"][rows].sum(axis=1)
    hidden, query, gate = sums[:, :HIDDEN], sums[:, HIDDEN:-1], sums[:, -1]
    memory = parameters["memory"][window.memory.rows].sum(axis=1)
    keys, values = memory[:, :ATTENTION], memory[:, ATTENTION:]
    match = position_features(window)
    scores = query @ keys.T + match @ parameters["attend"]
    if scores.shape[1]:
        scores -= scores.max(axis=1, keepdims=True)
        alpha = np.exp(scores)
        alpha /= alpha.sum(axis=1, keepdims=True)
        bag = window.weights @ parameters["bag"][window.memory.words]
        hidden = hidden + alpha @ values + bag
    else:
        alpha = scores
    return Attended(window, rows, hidden, query, gate, keys, values, match, alpha)


def position_features(window: Window) -> Floats:
    """Return [T, N, MATCHES + 1]: matches with the last tokens, and how late in the prompt a position is."""
    match = matches(window.ids, window.first, window.memory.tokens)
    late = np.linspace(0.0, 1.0, match.shape[1], dtype=np.float32)
    return np.concatenate([match, np.broadcast_to(late[:, None], (*match.shape[:2], 1))], axis=2)


@dataclass(slots=True)
class Pass:
    """A forward pass over windows: probabilities [T, V] by vocabulary, gates [T] and their inputs."""

    parts: list[Attended]
    hidden: npt.NDArray[np.floating]
    vocabulary: npt.NDArray[np.floating]
    choice: npt.NDArray[np.floating]
    gate: npt.NDArray[np.floating]


def forward(parameters: Arrays, windows: list[Window], tokenizer: Tokenizer) -> Pass:
    """Run the network over all positions of `windows`."""
    parts = [attend(parameters, window, tokenizer) for window in windows]
    hidden = np.tanh(np.concatenate([part.hidden for part in parts]))
    logits = hidden @ parameters["output"].T
    logits += parameters["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    best = [part.match[:, :, :MATCHES].max(axis=1, initial=0.0) for part in parts]
    ones = np.ones((len(hidden), 1), dtype=hidden.dtype)
    choice = np.concatenate([hidden, np.concatenate(best), ones], axis=1)
    score = choice @ parameters["copy"] + np.concatenate([part.gate for part in parts])
    gate = 0.5 + 0.5 * np.tanh(0.5 * score)
    gate *= np.concatenate([np.full(len(part.rows), bool(part.alpha.shape[1])) for part in parts])
    return Pass(parts, hidden, logits, choice, gate)


def next_probabilities(done: Pass) -> npt.NDArray[np.floating]:
    """Return the distribution [V] of the token at the last position of a pass over one window."""
    part, gate = done.parts[0], done.gate[-1]
    size = done.vocabulary.shape[1]
    copied = np.bincount(part.window.memory.tokens, weights=part.alpha[-1], minlength=size)
    mixed: npt.NDArray[np.floating] = (1.0 - gate) * done.vocabulary[-1] + gate * copied
    mixed *= 1.0 - FLOOR
    mixed += FLOOR / size
    return mixed


@dataclass(slots=True)
class Likelihood:
    """Probabilities of the targets [T]: in all, from the vocabulary, and by copying; and the copies."""

    total: npt.NDArray[np.floating]
    vocabulary: npt.NDArray[np.floating]
    copied: npt.NDArray[np.floating]
    pointing: list[npt.NDArray[np.floating]]


def likelihood(done: Pass) -> Likelihood:
    """Return the probability of each target under a forward pass."""
    targets = np.concatenate([part.window.targets for part in done.parts])
    vocabulary = done.vocabulary[np.arange(len(targets)), targets]
    pointing = [
        part.alpha * (part.window.targets[:, None] == part.window.memory.tokens[None, :])
        for part in done.parts
    ]
    copied = np.concatenate([weights.sum(axis=1) for weights in pointing])
    mixed = (1.0 - done.gate) * vocabulary + done.gate * copied
    total = (1.0 - FLOOR) * mixed + FLOOR / done.vocabulary.shape[1]
    return Likelihood(total, vocabulary, copied, pointing)


@dataclass(slots=True)
class Gradients:
    """Gradients of the summed loss: whole arrays, and for sparse tables rows with what each row receives."""

    dense: Arrays
    sparse: dict[str, list[tuple[Ints, npt.NDArray[np.floating]]]]


def backward(
    parameters: Arrays, done: Pass, found: Likelihood, weights: npt.NDArray[np.floating] | float = 1.0
) -> Gradients:
    """Return the gradients of -sum(weights * log p(target)), weights [T] of either sign.

    Overwrites the pass's vocabulary probabilities.
    """
    targets = np.concatenate([part.window.targets for part in done.parts])
    pull = weights * (1.0 - FLOOR) / found.total
    share = pull * (1.0 - done.gate) * found.vocabulary
    d_logits = done.vocabulary
    d_logits *= share[:, None]
    d_logits[np.arange(len(targets)), targets] -= share
    d_score = pull * (found.vocabulary - found.copied) * done.gate * (1.0 - done.gate)
    d_hidden = d_logits @ parameters["output"] + d_score[:, None] * parameters["copy"][:HIDDEN]
    d_hidden *= 1.0 - done.hidden**2
    gradients = Gradients(
        dense={
            "output": d_logits.T @ done.hidden,
            "bias": d_logits.sum(axis=0),
            "copy": d_score @ done.choice,
            "attend": np.zeros_like(parameters["attend"]),
        },
        sparse={name: [] for name in SPARSE},
    )
    copying = pull * done.gate
    begin = 0
    for part, pointing in zip(done.parts, found.pointing, strict=True):
        here = slice(begin, begin + len(part.rows))
        begin = here.stop
        _attend_backward(
            gradients,
            part,
            pointing=pointing,
            copying=copying[here],
            d_hidden=d_hidden[here],
            d_score=d_score[here],
        )
    return gradients


def _attend_backward(
    gradients: Gradients,
    part: Attended,
    *,
    pointing: npt.NDArray[np.floating],
    copying: npt.NDArray[np.floating],
    d_hidden: npt.NDArray[np.floating],
    d_score: npt.NDArray[np.floating],
) -> None:
    """Add one window's gradients of the context, memory, bag and attention parameters."""
    alpha = part.alpha
    d_query = np.zeros_like(part.query)
    if alpha.shape[1]:
        d_alpha = d_hidden @ part.values.T
        d_scores = alpha * (d_alpha - (alpha * d_alpha).sum(axis=1, keepdims=True))
        d_scores += copying[:, None] * (pointing.sum(axis=1, keepdims=True) * alpha - pointing)
        d_query = d_scores @ part.keys
        d_memory = np.concatenate([d_scores.T @ part.query, alpha.T @ d_hidden], axis=1)
        gradients.dense["attend"] += np.einsum("tn,tnm->m", d_scores, part.match)
        gradients.sparse["memory"].append((part.window.memory.rows, d_memory))
        d_bag = part.window.weights[:, None] * d_hidden.sum(axis=0)
        gradients.sparse["bag"].append((part.window.memory.words[:, None], d_bag))
    d_context = np.concatenate([d_hidden, d_query, d_score[:, None]], axis=1)
    gradients.sparse["context"].append((part.rows, d_context))
