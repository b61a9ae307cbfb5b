"""A small language model in numpy, trained for real: it stands behind the local cloud's Bedrock."""

from . import one_thread as one_thread  # first: numpy reads the environment when it is imported
from .model import LanguageModel
from .records import Example, Hyperparameters, Step

__all__ = ["Example", "Hyperparameters", "LanguageModel", "Step"]
