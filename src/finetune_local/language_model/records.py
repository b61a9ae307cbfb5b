"""What goes into a model and comes out of its training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A completion to learn, and the prompt before it ("" in continued pre-training)."""

    prompt: str
    completion: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a training curve; losses are nats per completion token.

    Number 0 is the model before any update: `training_loss` then is that of a sample of the examples.
    Later it is the loss of the step's own batch before its update. `validation_loss` is None at most steps.
    """

    number: int
    epoch: int
    training_loss: float
    validation_loss: float | None


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """How to train; `learning_rate_scale` is the requested learning rate divided by the model's default."""

    epochs: int = 2
    batch_size: int = 1
    learning_rate_scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        for name, value in (("epochs", self.epochs), ("batch_size", self.batch_size)):
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")
        if not 0.0 <= self.learning_rate_scale < float("inf"):
            raise ValueError(
                f"learning_rate_scale is {self.learning_rate_scale}; it must be finite and not negative"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be graded: to the prompt of this index, of those to train on or of those held out."""

    prompt: int
    text: str
    held_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What one step of reinforcement tells of the answers that the model drew itself.

    `entropy` is the mean of -log p over the tokens drawn, in nats; `loss` the mean of -advantage * ratio over
    the tokens learned from, before each update; `clipped` the share of them left alone; `length` tokens an
    answer; `aborted` the share of answers cut off at the longest length.
    """

    reward_mean: float
    reward_max: float
    reward_min: float
    entropy: float
    loss: float
    clipped: float
    length: float
    aborted: float


@dataclass(frozen=True, slots=True)
class RewardStep:
    """One point of a reinforcement's curve; number 0, without `rollout`, is the model before any update.

    `validation_reward` is the mean reward of one answer to each held-out prompt, None at most steps.
    """

    number: int
    epoch: int
    rollout: Rollout | None
    validation_reward: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinforcement:
    """How to reinforce; `samples` answers to each prompt, a validation every `evaluate_every` steps."""

    epochs: int = 2
    batch_size: int = 64
    samples: int = 4
    max_tokens: int = 16
    evaluate_every: int = 10
    learning_rate_scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        for name, low in (
            ("epochs", 1),
            ("batch_size", 1),
            ("samples", 2),
            ("max_tokens", 1),
            ("evaluate_every", 1),
        ):
            if getattr(self, name) < low:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {low}")
        if not 0.0 <= self.learning_rate_scale < float("inf"):
            raise ValueError(
                f"learning_rate_scale is {self.learning_rate_scale}; it must be finite and not negative"
            )
