"""Reinforcement: a policy gradient from graded answers, with the mean of a prompt's answers as baseline.

For every prompt of a step a group of answers is drawn from the present model and graded. An answer's
advantage is its reward minus the group's mean, over the group's standard deviation; a group whose answers all
earn the same teaches nothing. Updates raise sum(advantage * log p(answer)) in portions of UPDATE_ANSWERS,
and leave a token alone once its probability has moved by more than CLIP from that of the draw: the clipped
surrogate of PPO (arXiv 1707.06347) with the group baseline of GRPO (arXiv 2402.03300).

What it can learn: short answers from a small set, found in the prompt or in the model's own draws (labels,
spans, a way to begin or to end), and to tell apart the prompts that want them by their words. What it cannot:
answers that no draw and no span of the prompt comes near to, reasoning, texts beyond ROLLOUT_TOKENS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .exploration import Proposals
from .features import Floats, Memory, read_prompt
from .generation import generate
from .network import Window, backward, forward, likelihood
from .optimizer import update
from .records import Answer, Reinforcement, RewardStep, Rollout
from .sampling import draw
from .tokenizer import END, Tokenizer
from .training import FINAL_RATE, State, word_weights

ROLLOUT_TOKENS = 32
"""Most tokens of an answer in training, whatever the job allows, so that a step's cost has a bound."""

UPDATE_ANSWERS = 16
CLIP = 0.2
VALIDATION_PROMPTS = 64
"""Held-out prompts, spread evenly over all, that one point of the validation curve is measured on."""

_NOISE = 1e-9
"""Rewards of a group that lie closer together are the same reward."""

_RATIO_LIMIT = 5.0

Grade = Callable[[Sequence[Answer]], Sequence[float]]
"""Answers -> their rewards, in the same order; what it raises ends the training."""


@dataclass(slots=True)
class Tried:
    """One graded answer; `old` are the log-probabilities when it was drawn (None: it was proposed)."""

    prompt: int
    ids: npt.NDArray[np.int32]
    text: str
    old: Floats | None
    reward: float = 0.0
    advantage: float = 0.0

    @property
    def teaches(self) -> bool:
        """Whether to learn from it; a proposed answer is worth imitating or nothing."""
        return self.advantage > 0.0 or (self.advantage < 0.0 and self.old is not None)


class Reinforcing:
    """One reinforcement of a model's state, in place."""

    def __init__(
        self,
        state: State,
        tokenizer: Tokenizer,
        prompts: Sequence[str],
        settings: Reinforcement,
        grade: Grade,
    ) -> None:
        self._state, self._tokenizer, self._settings, self._grade = state, tokenizer, settings, grade
        self._rng = np.random.default_rng(settings.seed)
        self._memories = [read_prompt(prompt, tokenizer) for prompt in prompts]
        self._proposals = Proposals(list(prompts), self._rng)
        self._max_tokens = min(settings.max_tokens, ROLLOUT_TOKENS)

    def run(self, validation: Sequence[str], on_step: Callable[[RewardStep], bool]) -> None:
        """Go through the prompts; see LanguageModel.reinforce."""
        settings, count = self._settings, len(self._memories)
        if not on_step(RewardStep(0, 0, None, self._validate(validation))):
            return
        per_epoch = -(-count // settings.batch_size)
        steps = per_epoch * settings.epochs
        for number in range(1, steps + 1):
            place = (number - 1) % per_epoch
            if place == 0:
                order = self._rng.permutation(count)
            batch = order[place * settings.batch_size : (place + 1) * settings.batch_size]
            rollout = self._step(batch, (number - 1) / steps)
            measure = number % settings.evaluate_every == 0 or number == steps
            reward = self._validate(validation) if measure else None
            if not on_step(RewardStep(number, 1 + (number - 1) // per_epoch, rollout, reward)):
                return

    def _validate(self, prompts: Sequence[str]) -> float | None:
        """Return the mean reward of the answers that the model would give when asked."""
        if not prompts:
            return None
        size = min(len(prompts), VALIDATION_PROMPTS)
        chosen = [k * len(prompts) // size for k in range(size)]
        answers = [
            Answer(k, generate(self._state, self._tokenizer, prompts[k], self._max_tokens), held_out=True)
            for k in chosen
        ]
        return float(np.mean(self._grade(answers)))

    def _step(self, batch: npt.NDArray[np.int64], done: float) -> Rollout:
        for prompt in batch:
            memory = self._memories[prompt]
            self._state.seen[memory.words] += 1.0
            self._state.prompts += bool(len(memory.tokens))
        read = {int(k): (self._memories[k], word_weights(self._state, self._memories[k])) for k in batch}
        groups = self._try(read, self._proposals.number(self._settings.samples, done))
        rewards = self._grade([Answer(tried.prompt, tried.text) for group in groups for tried in group])
        for k, group in enumerate(groups):
            _set_advantages(group, rewards[k * len(group) : (k + 1) * len(group)])
        lessons = [tried for group in groups for tried in group if tried.teaches]
        for tried in lessons:
            if tried.advantage > 0.0:
                self._proposals.remember(tried.text, tried.reward)
        rate = self._settings.learning_rate_scale * (1.0 - (1.0 - FINAL_RATE) * done)
        loss, clipped = self._learn(lessons, read, rate)
        return _told([tried for group in groups for tried in group if tried.old is not None], loss, clipped)

    def _try(self, read: dict[int, tuple[Memory, Floats]], proposed: int) -> list[list[Tried]]:
        """Return a group of answers to each prompt: its own draws, then `proposed` ones."""
        drawn = draw(
            self._state.parameters,
            self._tokenizer,
            list(read.values()),
            count=self._settings.samples - proposed,
            max_tokens=self._max_tokens,
            rng=self._rng,
        )
        groups: list[list[Tried]] = []
        for prompt, answers in zip(read, drawn, strict=True):
            group = [
                Tried(prompt, each.ids, self._text(each.ids), each.log_probabilities) for each in answers
            ]
            for _ in range(proposed):
                text = self._proposals.propose(prompt)
                ids = np.array([*self._tokenizer.encode(text), END], dtype=np.int32)[: self._max_tokens]
                group.append(Tried(prompt, ids, self._text(ids), None))
            groups.append(group)
        return groups

    def _text(self, ids: npt.NDArray[np.int32]) -> str:
        return self._tokenizer.decode([int(token) for token in ids if token != END])

    def _learn(
        self, lessons: list[Tried], read: dict[int, tuple[Memory, Floats]], rate: float
    ) -> tuple[float, float]:
        """Take the step's updates; return the mean loss per token and the share of tokens left alone."""
        loss, clipped, tokens = 0.0, 0, 0
        order = self._rng.permutation(len(lessons))
        for begin in range(0, len(order), UPDATE_ANSWERS):
            portion = [lessons[k] for k in order[begin : begin + UPDATE_ANSWERS]]
            windows = [
                Window(*read[tried.prompt], tried.ids[:-1].astype(np.int64), 0, tried.ids.astype(np.int64))
                for tried in portion
            ]
            done = forward(self._state.parameters, windows, self._tokenizer)
            found = likelihood(done)
            advantages = np.concatenate([np.full(len(each.ids), each.advantage) for each in portion])
            ratios = _ratios(portion, found.total)
            moved = np.where(advantages > 0.0, ratios > 1.0 + CLIP, ratios < 1.0 - CLIP)
            loss -= float((advantages * ratios).sum())
            clipped, tokens = clipped + int(moved.sum()), tokens + len(ratios)
            pull = (advantages * ratios * ~moved / self._settings.samples).astype(np.float32)
            gradients = backward(self._state.parameters, done, found, pull)
            update(self._state.parameters, self._state.squares, gradients, rate)
        return loss / max(1, tokens), clipped / max(1, tokens)


def _set_advantages(group: list[Tried], rewards: Sequence[float]) -> None:
    values = np.array(rewards, dtype=np.float64)
    differ = np.ptp(values) > _NOISE
    for tried, reward in zip(group, values, strict=True):
        tried.reward = float(reward)
        if differ:
            tried.advantage = float((reward - values.mean()) / values.std())


def _ratios(portion: list[Tried], present: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return p now / p at the draw of each token; 1 for proposed answers, which were not drawn."""
    old = np.concatenate(
        [np.full(len(each.ids), np.nan) if each.old is None else each.old for each in portion]
    )
    moves = np.clip(np.log(present) - old, -_RATIO_LIMIT, _RATIO_LIMIT)
    return np.where(np.isnan(old), 1.0, np.exp(moves))


def _told(own: list[Tried], loss: float, clipped: float) -> Rollout:
    """Return what a step tells of the answers that the model drew itself."""
    rewards = [tried.reward for tried in own]
    entropies = np.concatenate([-tried.old for tried in own if tried.old is not None])
    return Rollout(
        reward_mean=float(np.mean(rewards)),
        reward_max=max(rewards),
        reward_min=min(rewards),
        entropy=float(entropies.mean()),
        loss=loss,
        clipped=clipped,
        length=float(np.mean([len(tried.ids) for tried in own])),
        aborted=float(np.mean([tried.ids[-1] != END for tried in own])),
    )
