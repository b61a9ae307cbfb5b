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
