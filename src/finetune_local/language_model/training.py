"""Minibatch training with a bounded cost per step, and losses over examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import BAG_ROWS, REACH, Floats, Memory, read_prompt
from .network import Arrays, Window, backward, forward, initial_parameters, likelihood
from .optimizer import initial_squares, update
from .records import Example, Hyperparameters, Step
from .tokenizer import END, Tokenizer

STEP_TOKENS = 2048
"""Most tokens that one step learns from; a bigger batch takes a random window of each longer completion."""

EXAMPLE_TOKENS = 384
"""Most tokens of one completion that one step learns from."""

CHUNK_TOKENS = 512
CURVE_TOKENS = 8_192
"""Tokens of held-out (and at step 0, of training) examples that a point of the curve is measured on."""

POINTS_PER_EPOCH = 6
FINAL_RATE = 0.1
"""Step length at the last step; it falls in a straight line from 1."""


@dataclass(slots=True)
class State:
    """Everything that training changes: parameters, Adagrad's sums, and how many prompts had a word."""

    parameters: Arrays
    squares: Arrays
    seen: Floats
    prompts: int

    def copy(self) -> State:
        """Return an independent copy."""
        parameters = {name: values.copy() for name, values in self.parameters.items()}
        squares = {name: values.copy() for name, values in self.squares.items()}
        return State(parameters, squares, self.seen.copy(), self.prompts)


def untrained(seed: int) -> State:
    """Return a state that knows nothing."""
    parameters = initial_parameters(np.random.default_rng(seed))
    return State(parameters, initial_squares(parameters), np.zeros(BAG_ROWS, dtype=np.float32), 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An example as the network reads it: the prompt's memory and the completion's ids with END [n]."""

    memory: Memory
    ids: npt.NDArray[np.int32]


def prepare(examples: Sequence[Example], tokenizer: Tokenizer) -> list[Prepared]:
    """Encode `examples`."""
    return [
        Prepared(
            read_prompt(example.prompt, tokenizer),
            np.array([*tokenizer.encode(example.completion), END], dtype=np.int32),
        )
        for example in examples
    ]


def word_weights(state: State, memory: Memory) -> Floats:
    """Return weights [m] of a prompt's words: the rarer among the prompts seen, the heavier; unit length."""
    rarity = np.log((2.0 + state.prompts) / (1.0 + state.seen[memory.words]))
    weights: Floats = (rarity / np.sqrt(np.maximum((rarity**2).sum(), 1e-6))).astype(np.float32)
    return weights


def window(state: State, example: Prepared, begin: int, end: int) -> Window:
    """Return the window that predicts tokens begin .. end - 1 of an example."""
    base = max(0, begin - REACH)
    ids = example.ids.astype(np.int64)
    weights = word_weights(state, example.memory)
    return Window(example.memory, weights, ids[base : end - 1], begin - base, ids[begin:end])


def mean_loss(state: State, examples: Sequence[Prepared], tokenizer: Tokenizer) -> float:
    """Return the loss of one or more `examples` in nats per completion token."""
    total, tokens = 0.0, 0
    for windows in _chunks(state, examples):
        found = likelihood(forward(state.parameters, windows, tokenizer))
        total -= float(np.log(found.total.astype(np.float64)).sum())
        tokens += len(found.total)
    return total / tokens


def _chunks(state: State, examples: Sequence[Prepared]) -> Iterator[list[Window]]:
    windows: list[Window] = []
    size = 0
    for example in examples:
        for begin in range(0, len(example.ids), CHUNK_TOKENS):
            windows.append(window(state, example, begin, min(len(example.ids), begin + CHUNK_TOKENS)))
            size += len(windows[-1].targets)
            if size >= CHUNK_TOKENS:
                yield windows
                windows, size = [], 0
    if windows:
        yield windows


def train(
    state: State,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    validation: Sequence[Example],
    *,
    settings: Hyperparameters,
    on_step: Callable[[Step], bool],
) -> None:
    """Train `state` in place; see LanguageModel.train."""
    rng = np.random.default_rng(settings.seed)
    known, held_out = prepare(examples, tokenizer), _sample(prepare(validation, tokenizer))
    per_epoch = -(-len(known) // settings.batch_size)
    points = {round(per_epoch * point / POINTS_PER_EPOCH) for point in range(1, POINTS_PER_EPOCH + 1)}

    def validation_loss() -> float | None:
        return mean_loss(state, held_out, tokenizer) if held_out else None

    if not on_step(Step(0, 0, mean_loss(state, _sample(known), tokenizer), validation_loss())):
        return
    steps = per_epoch * settings.epochs
    for epoch in range(settings.epochs):
        order = rng.permutation(len(known))
        for number in range(per_epoch):
            batch = [
                known[k] for k in order[number * settings.batch_size : (number + 1) * settings.batch_size]
            ]
            done = epoch * per_epoch + number
            rate = settings.learning_rate_scale * (1.0 - (1.0 - FINAL_RATE) * done / steps)
            loss = _learn(state, tokenizer, batch, rate, rng)
            measure = number + 1 in points
            if not on_step(Step(done + 1, epoch + 1, loss, validation_loss() if measure else None)):
                return


def _learn(
    state: State, tokenizer: Tokenizer, batch: list[Prepared], rate: float, rng: np.random.Generator
) -> float:
    """Take one step on `batch` and return its loss before the step."""
    for example in batch:
        state.seen[example.memory.words] += 1.0
        state.prompts += bool(len(example.memory.tokens))
    limit = max(16, min(EXAMPLE_TOKENS, STEP_TOKENS // len(batch)))
    windows = []
    for example in batch:
        begin = int(rng.integers(0, max(1, len(example.ids) - limit + 1)))
        windows.append(window(state, example, begin, min(len(example.ids), begin + limit)))
    done = forward(state.parameters, windows, tokenizer)
    found = likelihood(done)
    update(state.parameters, state.squares, backward(state.parameters, done, found), rate)
    return float(-np.log(found.total.astype(np.float64)).mean())


def _sample(examples: list[Prepared]) -> list[Prepared]:
    """Return examples spread evenly over `examples` that hold about CURVE_TOKENS tokens at most."""
    tokens = sum(len(example.ids) for example in examples)
    count = max(1, len(examples) * CURVE_TOKENS // max(CURVE_TOKENS, tokens))
    chosen = [examples[k * len(examples) // count] for k in range(count)] if examples else []
    return [Prepared(example.memory, example.ids[:CURVE_TOKENS]) for example in chosen]
