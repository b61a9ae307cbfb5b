"""The model behind Titan Multimodal Embeddings: it learns, and from the pairs alone."""

import numpy as np
import pytest

from finetune_local.embedding_model import LENGTHS, EmbeddingModel, Pair, lengthened
from finetune_local.embedding_model.pictures import SIZE
from finetune_local.language_model import Step

WORDS = ("red", "green", "blue", "round", "square", "tall", "small", "striped")


def _pairs() -> list[Pair]:
    """Give pictures whose features are the sum of their words' directions."""
    chance = np.random.default_rng(1)
    directions = {word: chance.normal(size=SIZE).astype(np.float32) for word in WORDS}
    captions = [f"{a} {b} {c}" for a in WORDS[:3] for b in WORDS[3:5] for c in WORDS[5:]]
    return [Pair(sum(directions[word] for word in text.split()) / 30, text) for text in captions]


def _train(model: EmbeddingModel, pairs: list[Pair], **changes) -> list[float]:
    losses: list[float] = []

    def on_step(step: Step) -> bool:
        losses.append(step.training_loss)
        return len(losses) < 60

    settings = {"epochs": 60, "batch_size": 64, "learning_rate_scale": 1.0, "seed": 3} | changes
    model.train(pairs, [], on_step=on_step, **settings)
    return losses


def _right(model: EmbeddingModel, pairs: list[Pair]) -> float:
    images = np.stack([model.image_vector(pair.image) for pair in pairs])
    best = [int((images @ model.text_vector(pair.text)).argmax()) for pair in pairs]
    return float(np.mean([place == number for number, place in enumerate(best)]))


def test_training_brings_captions_to_their_pictures_also_unseen_ones():
    pairs = _pairs()
    held_out = pairs[::6]
    seen = [pair for number, pair in enumerate(pairs) if number % 6]
    model = EmbeddingModel.base("m").copy()
    losses = _train(model, seen)
    assert losses[-1] < losses[0] / 2
    assert _right(model, seen) == 1.0 > _right(EmbeddingModel.base("m"), seen)
    assert _right(model, held_out) == 1.0


def test_a_learning_rate_of_nothing_teaches_nothing():
    model = EmbeddingModel.base("m")
    before = model.text_vector("red round tall")
    _train(model, _pairs(), learning_rate_scale=0.0, epochs=2)
    assert np.array_equal(before, model.text_vector("red round tall"))


def test_the_slope_is_that_of_the_loss():
    model = EmbeddingModel.base("m")
    pairs = _pairs()[:5]
    inputs = [np.stack([pair.image for pair in pairs]).astype(np.float64)]
    inputs.append(np.eye(5, model._maps[1].shape[0]))
    model._maps = [part.astype(np.float64) for part in model._maps]
    same = np.arange(10).reshape(5, 2)
    _, slopes = model._slopes(inputs, same)
    for which, place in ((0, (3, 7)), (1, (2, 5))):
        model._maps[which][place] += 1e-5
        more, _ = model._slopes(inputs, same)
        model._maps[which][place] -= 2e-5
        less, _ = model._slopes(inputs, same)
        model._maps[which][place] += 1e-5
        assert slopes[which][place] == pytest.approx((more - less) / 2e-5, rel=1e-3, abs=1e-7)


def test_a_saved_model_is_the_same_model(tmp_path):
    model = EmbeddingModel.base("m")
    model.save(tmp_path / "model")
    again = EmbeddingModel.load(tmp_path / "model")
    assert np.array_equal(model.text_vector("red"), again.text_vector("red"))
    assert not np.array_equal(model.text_vector("red"), EmbeddingModel.base("other").text_vector("red"))


def test_every_length_keeps_the_angles():
    one, other = np.random.default_rng(0).normal(size=(2, 256)).astype(np.float32)
    for length in LENGTHS:
        assert lengthened(one, length).shape == (length,)
        assert lengthened(one, length) @ lengthened(other, length) == pytest.approx(one @ other, rel=1e-3)


def test_nothing_to_train_on_is_refused():
    with pytest.raises(ValueError, match="needs examples"):
        _train(EmbeddingModel.base("m"), [])
