"""A small language model in numpy, trained for real: it stands behind the local cloud's Bedrock."""

from . import one_thread as one_thread  # first: numpy reads the environment when it is imported
from .model import LanguageModel
from .records import Answer, Example, Hyperparameters, Reinforcement, RewardStep, Rollout, Step

__all__ = [
    "Answer",
    "Example",
    "Hyperparameters",
    "LanguageModel",
    "Reinforcement",
    "RewardStep",
    "Rollout",
    "Step",
]
