"""A small model of images and captions in numpy, trained for real: behind Titan Multimodal Embeddings."""

from finetune_local.language_model import one_thread as one_thread  # first: numpy reads the environment

from .model import LENGTHS, EmbeddingModel, Pair, lengthened
from .pictures import Floats, PictureError, features

__all__ = ["LENGTHS", "EmbeddingModel", "Floats", "Pair", "PictureError", "features", "lengthened"]
