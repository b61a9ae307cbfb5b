"""The answer of a model that is asked: at each point the most probable token."""

from __future__ import annotations

import numpy as np

from .features import REACH, read_prompt
from .network import Window, forward, next_probabilities
from .tokenizer import END, Tokenizer
from .training import State, word_weights

LOOP_TOKENS = 10
"""An answer never holds the same run of this many tokens twice, so that it cannot go round in circles."""


def generate(state: State, tokenizer: Tokenizer, prompt: str, max_tokens: int) -> str:
    """Return the answer to `prompt`, `max_tokens` at most."""
    memory = read_prompt(prompt, tokenizer)
    weights = word_weights(state, memory)
    ids: list[int] = []
    seen: set[tuple[int, ...]] = set()
    nothing = np.zeros(0, dtype=np.int64)
    while len(ids) < max_tokens:
        recent = np.array(ids[-REACH:], dtype=np.int64)
        asked = Window(memory, weights, recent, len(recent), nothing)
        probabilities = next_probabilities(forward(state.parameters, [asked], tokenizer))
        chosen = int(probabilities.argmax())
        while (*ids[1 - LOOP_TOKENS :], chosen) in seen:
            probabilities[chosen] = 0.0
            chosen = int(probabilities.argmax())
        if chosen == END:
            break
        ids.append(chosen)
        if len(ids) >= LOOP_TOKENS:
            seen.add(tuple(ids[-LOOP_TOKENS:]))
    return tokenizer.decode(ids)
