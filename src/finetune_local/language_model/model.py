"""The language model that a customization job tunes and an endpoint serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from . import training
from .generation import generate
from .optimizer import RATES
from .records import Example, Hyperparameters, Reinforcement, RewardStep, Step
from .reinforcement import Grade, Reinforcing
from .tokenizer import base_text, base_tokenizer

BASE_EPOCHS = 3
BASE_BATCH = 4


class LanguageModel:
    """A small next-token model over prompt and completion, trained for real on the given examples.

    All models share one tokenizer, so losses of a base model and of models tuned from it can be compared.
    """

    def __init__(self, state: training.State) -> None:
        self._state = state
        self._tokenizer = base_tokenizer()

    @classmethod
    def base(cls, model_id: str) -> LanguageModel:
        """Return a copy of the base model `model_id`, pre-trained on the package's text; always the same."""
        return cls(_base_state(model_id).copy())

    def train(
        self,
        examples: Sequence[Example],
        validation: Sequence[Example],
        *,
        epochs: int,
        batch_size: int,
        learning_rate_scale: float,
        seed: int,
        on_step: Callable[[Step], bool],
    ) -> None:
        """Tune the model in place; `on_step` sees step 0 before any update, then every step; False stops.

        Raises ValueError for no examples or settings out of range.
        """
        settings = Hyperparameters(epochs, batch_size, learning_rate_scale, seed)
        if not examples:
            raise ValueError("no examples to train on; give at least one")
        training.train(self._state, self._tokenizer, examples, validation, settings=settings, on_step=on_step)

    def loss(self, examples: Sequence[Example]) -> float:
        """Return the mean loss in nats per completion token, the end of each completion included."""
        if not examples:
            raise ValueError("no examples to measure the loss on; give at least one")
        prepared = training.prepare(examples, self._tokenizer)
        return training.mean_loss(self._state, prepared, self._tokenizer)

    def reinforce(
        self,
        prompts: Sequence[str],
        validation: Sequence[str],
        *,
        settings: Reinforcement,
        grade: Grade,
        on_step: Callable[[RewardStep], bool],
    ) -> None:
        """Make answers that `grade` rewards more probable, in place; the steps are told as in `train`.

        Raises ValueError for no prompts, and whatever `grade` raises.
        """
        if not prompts:
            raise ValueError("no prompts to answer; give at least one")
        Reinforcing(self._state, self._tokenizer, prompts, settings, grade).run(validation, on_step)

    def generate(self, prompt: str, max_tokens: int) -> str:
        """Return the model's answer: at each point the most probable token, `max_tokens` at most."""
        return generate(self._state, self._tokenizer, prompt, max_tokens)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has."""
        return len(self._tokenizer.encode(text))

    def copy(self) -> LanguageModel:
        """Return an independent copy."""
        return LanguageModel(self._state.copy())

    def save(self, path: Path | str) -> None:
        """Write the model to `path` as a compressed npz without pickled objects."""
        state = self._state
        arrays: dict[str, Any] = {"seen": state.seen, "prompts": np.int64(state.prompts)}
        arrays |= {f"parameters/{name}": values for name, values in state.parameters.items()}
        arrays |= {f"squares/{name}": values for name, values in state.squares.items()}
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path | str) -> LanguageModel:
        """Read a model that `save` wrote. Raises ValueError when `path` holds something else."""
        with np.load(Path(path), allow_pickle=False) as file:
            try:
                parameters = {name: file[f"parameters/{name}"] for name in RATES}
                squares = {name: file[f"squares/{name}"] for name in RATES}
                return cls(training.State(parameters, squares, file["seen"], int(file["prompts"])))
            except KeyError as missing:
                raise ValueError(f"{path} is not a saved language model: {missing}") from missing


def base_examples() -> list[Example]:
    """Return the examples in the base text: questions with answers, and paragraphs to go on with."""
    found = []
    for paragraph in base_text().strip().split("\n\n"):
        if paragraph.startswith("Q: "):
            question, _, answer = paragraph.removeprefix("Q: ").partition("\nA: ")
            found.append(Example(question, answer))
        else:
            found.append(Example("", paragraph))
    return found


@lru_cache(maxsize=8)
def _base_state(model_id: str) -> training.State:
    """Pre-train the base model `model_id`; the id seeds its random start."""
    seed = crc32(model_id.encode())
    state = training.untrained(seed)
    settings = Hyperparameters(epochs=BASE_EPOCHS, batch_size=BASE_BATCH, seed=seed)
    training.train(state, base_tokenizer(), base_examples(), [], settings=settings, on_step=lambda _: True)
    return state
