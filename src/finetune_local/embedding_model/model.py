"""Two linear maps into one space, trained so that a caption lies nearest to its own picture.

The loss is the symmetric cross-entropy over a batch (A. Radford et al., "Learning Transferable Visual Models
From Natural Language Supervision", 2021, section 2.3); pairs of one batch that share picture or caption all
count as right. A base model's maps are random: it knows nothing of pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np

from finetune_local.language_model import Step

from .pictures import SIZE, Floats

WIDTH: Final = 256
LENGTHS: Final = (256, 384, 1024)
"""Lengths of vectors that can be asked for; all keep the angles of the shortest."""
BUCKETS: Final = 2048
"""Words and pairs of words of a caption are counted in so many places."""
SHARPNESS: Final = 14.3
RATE: Final = 0.02
"""Adam's step length at the model's default learning rate."""
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture's features and its caption."""

    image: Floats
    text: str


class EmbeddingModel:
    """Pictures and texts as vectors of one space."""

    def __init__(self, images: Floats, texts: Floats) -> None:
        self._maps = [images, texts]

    @classmethod
    def base(cls, model_id: str) -> EmbeddingModel:
        """Return a new copy of the base model `model_id`; always the same."""
        chance = np.random.default_rng(crc32(model_id.encode()))
        shapes = ((SIZE, WIDTH), (BUCKETS, WIDTH))
        images, texts = (chance.normal(0, WIDTH**-0.5, shape).astype(np.float32) for shape in shapes)
        return cls(images, texts)

    def train(
        self,
        examples: Sequence[Pair],
        validation: Sequence[Pair],
        *,
        epochs: int,
        batch_size: int,
        learning_rate_scale: float,
        seed: int,
        on_step: Callable[[Step], bool],
    ) -> None:
        """Tune in place; `on_step` sees the loss (nats) of each batch before its update; False stops.

        Raises ValueError for no examples, or for validation, which this model takes none of.
        """
        if not examples or validation:
            raise ValueError("training needs examples, and takes no validation examples")
        inputs = (np.stack([pair.image for pair in examples]), bags([pair.text for pair in examples]))
        same = _same(examples)
        chance, number, memory = np.random.default_rng(seed), 0, _Memory(self._maps)
        size = min(batch_size, len(examples))
        for epoch in range(epochs):
            order = chance.permutation(len(examples))
            for start in range(0, len(examples), size):
                batch = order[start : start + size]
                loss, slopes = self._slopes([part[batch] for part in inputs], same[batch])
                number += 1
                memory.update(self._maps, slopes, RATE * learning_rate_scale)
                if not on_step(Step(number, epoch, loss, None)):
                    return

    def _slopes(self, inputs: list[Floats], same: np.ndarray) -> tuple[float, list[Floats]]:
        """Return a batch's loss and its slopes for both maps; `same` has the ids of pictures and captions."""
        raw = [part @ map_ for part, map_ in zip(inputs, self._maps, strict=True)]
        lengths = [np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6) for part in raw]
        images, texts = (part / length for part, length in zip(raw, lengths, strict=True))
        right = ((same[:, None, :] == same[None, :, :]).any(axis=2)).astype(np.float32)
        right /= right.sum(axis=1, keepdims=True)
        scores = SHARPNESS * texts @ images.T
        rows, columns = _soft(scores), _soft(scores.T)
        tiny = np.float32(1e-9)
        loss = -(right * np.log(rows + tiny)).sum() - (right * np.log(columns + tiny)).sum()
        slope = SHARPNESS * ((rows - right) + (columns - right).T) / (2 * len(right))
        toward = [slope.T @ texts, slope @ images]
        slopes = []
        for part, unit, length, pull in zip(inputs, (images, texts), lengths, toward, strict=True):
            along = (pull * unit).sum(axis=1, keepdims=True)
            slopes.append((part.T @ ((pull - along * unit) / length)).astype(np.float32))
        return float(loss) / (2 * len(right)), slopes

    def image_vector(self, image: Floats) -> Floats:
        """Return the vector of a picture's features, of length 1 and WIDTH numbers."""
        return _unit(image @ self._maps[0])

    def text_vector(self, text: str) -> Floats:
        """Return the vector of a text, of length 1 and WIDTH numbers."""
        return _unit(bags([text])[0] @ self._maps[1])

    def count_tokens(self, text: str) -> int:
        """Return the words of a text."""
        return len(_WORD.findall(text))

    def copy(self) -> EmbeddingModel:
        """Return an independent copy."""
        return EmbeddingModel(*(part.copy() for part in self._maps))

    def save(self, path: Path) -> None:
        """Write the model to `path` as npz without pickled objects."""
        with path.open("wb") as file:
            np.savez(file, images=self._maps[0], texts=self._maps[1])

    @classmethod
    def load(cls, path: Path) -> EmbeddingModel:
        """Read a model that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(file["images"], file["texts"])


class _Memory:
    """Adam's running means (D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2014)."""

    def __init__(self, maps: list[Floats]) -> None:
        self._first, self._second = ([np.zeros_like(part) for part in maps] for _ in range(2))
        self._steps = 0

    def update(self, maps: list[Floats], slopes: list[Floats], rate: float) -> None:
        """Move the maps one step against the slopes."""
        self._steps += 1
        for index, slope in enumerate(slopes):
            self._first[index] = 0.9 * self._first[index] + 0.1 * slope
            self._second[index] = 0.999 * self._second[index] + 0.001 * slope**2
            first = self._first[index] / (1 - 0.9**self._steps)
            second = self._second[index] / (1 - 0.999**self._steps)
            maps[index] -= (rate * WIDTH**-0.5 * first / (np.sqrt(second) + 1e-8)).astype(np.float32)


def lengthened(vector: Floats, length: int) -> Floats:
    """Return a vector in `length` numbers; inner products stay as they are."""
    if length == WIDTH:
        return vector
    turned, _ = np.linalg.qr(np.random.default_rng(length).normal(size=(length, WIDTH)))
    return (turned @ vector).astype(np.float32)


def bags(texts: Sequence[str]) -> Floats:
    """Return texts as counts of their words and pairs of words, shape [n, BUCKETS], rows of length 1."""
    counts = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in zip(counts, texts, strict=True):
        words = [word.lower() for word in _WORD.findall(text)]
        for term in (*words, *(f"{one} {two}" for one, two in pairwise(words))):
            row[crc32(term.encode()) % BUCKETS] += 1.0
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    rows: Floats = counts / np.maximum(lengths, 1e-6)
    return rows


def _same(examples: Sequence[Pair]) -> np.ndarray:
    """Return an id of the picture and one of the caption for each pair, shape [n, 2]."""
    seen: dict[bytes | str, int] = {}
    return np.array(
        [[seen.setdefault(key, len(seen)) for key in (pair.image.tobytes(), pair.text)] for pair in examples]
    )


def _soft(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _unit(vector: Floats) -> Floats:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)
