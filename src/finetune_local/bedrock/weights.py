"""The models behind base models and custom models: made, kept on disk, a few in memory."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from finetune_local.bedrock.foundation_models import FoundationModel
from finetune_local.language_model import Answer, Example, Reinforcement, RewardStep, Step

_LOADED_LIMIT: Final = 4


class Trainable(Protocol):
    """What a job needs of a model of any kind."""

    @property
    def train(self) -> Callable[..., None]:
        """Tune in place on examples of the model's own kind, as `Model.train` does."""

    def count_tokens(self, text: str) -> int:
        """Return the tokens of `text`."""

    def save(self, path: Path) -> None:
        """Write the model."""

    def copy(self) -> Any:  # noqa: ANN401 - of its own kind
        """Return an independent copy."""


class Model(Protocol):
    """What we use of ``finetune_local.language_model.LanguageModel``; losses are in nats per token."""

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
        """Tune in place; `on_step` returning False stops."""

    def reinforce(
        self,
        prompts: Sequence[str],
        validation: Sequence[str],
        *,
        settings: Reinforcement,
        grade: Callable[[Sequence[Answer]], Sequence[float]],
        on_step: Callable[[RewardStep], bool],
    ) -> None:
        """Make rewarded answers more probable, in place; `on_step` returning False stops."""

    def generate(self, prompt: str, max_tokens: int) -> str:
        """Return the continuation of `prompt`."""

    def count_tokens(self, text: str) -> int:
        """Return the tokens of `text`."""

    def save(self, path: Path) -> None:
        """Write the model."""

    def copy(self) -> Model:
        """Return an independent copy."""


Kind = TypeVar("Kind", bound=Trainable)
Made_co = TypeVar("Made_co", bound=Trainable, covariant=True)


class Factory(Protocol[Made_co]):
    """Where models come from: a class of models itself, or a stand-in in unit tests."""

    def base(self, model_id: str) -> Made_co:
        """Return the (shared) base model."""

    def load(self, path: Path) -> Made_co:
        """Return the model saved under `path`."""


ModelFactory = Factory[Model]


class Weights(Generic[Kind]):
    """Models by ARN, saved under `folder`; only the last few used stay in memory. Thread-safe."""

    def __init__(self, factory: Factory[Kind], folder: Path) -> None:
        self._factory, self._folder = factory, folder
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Kind] = OrderedDict()

    def base(self, model: FoundationModel) -> Kind:
        """Return the base model; do not train it: take a copy."""
        return self._cached(f"base {model.plain_id}", lambda: self._factory.base(model.plain_id))

    def keep(self, arn: str, model: Kind) -> None:
        """Save a trained model under its ARN."""
        path = self._path(arn)
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path)
        with self._lock:
            self._remember(arn, model)

    def get(self, arn: str) -> Kind:
        """Return a kept model."""
        return self._cached(arn, lambda: self._factory.load(self._path(arn)))

    def drop(self, arn: str) -> None:
        """Delete a kept model."""
        with self._lock:
            self._loaded.pop(arn, None)
        path = self._path(arn)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _cached(self, key: str, make: Callable[[], Kind]) -> Kind:
        with self._lock:
            model = self._loaded.pop(key, None) or make()
            self._remember(key, model)
            return model

    def _remember(self, key: str, model: Kind) -> None:
        self._loaded[key] = model
        while len(self._loaded) > _LOADED_LIMIT:
            self._loaded.popitem(last=False)

    def _path(self, arn: str) -> Path:
        _, _, _, region, account, resource = arn.split(":", 5)
        return self._folder / account / region / resource.rsplit("/", 1)[1]
