"""Answers to try that the model would hardly draw by itself yet.

A model that has only read the package's text does not stumble on the right one of three labels by drawing
from 2,048 tokens, and where no answer of a group earns more than another there is nothing to learn. So a
falling share of the answers that are graded is proposed: a few words of the prompt itself, or an answer that
earned more than its group's mean elsewhere in this job. Reference answers are never looked at.
"""

from __future__ import annotations

import numpy as np

SHARE = 0.5
"""Share of proposed answers at the first step; it falls in a straight line to 0 at the last."""

POOL = 32
_FROM_POOL = 0.5
_MORE_WORDS = 0.4
"""Chance that a span of words goes on by another word."""

_AROUND_WORDS = ".,:;?!\"'()[]"


class Proposals:
    """What to try for each prompt; remembers the answers that did well."""

    def __init__(self, prompts: list[str], rng: np.random.Generator) -> None:
        self._words = [prompt.split() for prompt in prompts]
        self._rng = rng
        self._pool: dict[str, float] = {}

    def number(self, samples: int, done: float) -> int:
        """Return how many of `samples` answers to propose when the share `done` of all steps is done.

        At least one answer is left to the model.
        """
        expected = samples * SHARE * (1.0 - done)
        return min(samples - 1, int(expected + self._rng.random()))

    def propose(self, prompt: int) -> str:
        """Return an answer to try for the prompt of this index; "" when there is none."""
        if self._pool and self._rng.random() < _FROM_POOL:
            answers = list(self._pool)
            return answers[int(self._rng.integers(len(answers)))]
        words = self._words[prompt]
        if not words:
            return ""
        first = int(self._rng.integers(len(words)))
        count = int(self._rng.geometric(1.0 - _MORE_WORDS))
        return " ".join(words[first : first + count]).strip(_AROUND_WORDS)

    def remember(self, answer: str, reward: float) -> None:
        """Keep an answer that earned more than its group; the best POOL of them stay."""
        self._pool[answer] = max(reward, self._pool.get(answer, reward))
        if len(self._pool) > POOL:
            del self._pool[min(self._pool, key=lambda known: self._pool[known])]
