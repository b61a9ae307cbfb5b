import numpy as np
import pytest

from finetune_local.language_model import Example, LanguageModel
from finetune_local.language_model.model import base_examples

MODEL = "amazon.nova-micro-v1:0:128k"
TEXT = [Example("Say hello", "Good morning to you, reader."), Example("", "Frost lay on the fields.")]


def test_base_models_are_the_same_each_time_but_not_for_each_id():
    assert LanguageModel.base(MODEL).loss(TEXT) == LanguageModel.base(MODEL).loss(TEXT)
    assert LanguageModel.base(MODEL).loss(TEXT) != LanguageModel.base("another").loss(TEXT)


def test_the_base_model_knows_its_text_and_is_weak_elsewhere():
    base = LanguageModel.base(MODEL)
    known, uniform = base.loss(base_examples()), np.log(2048)
    assert known < 1.5
    assert known < base.loss(TEXT) < uniform


def test_an_answer_has_no_more_tokens_than_asked_for():
    base = LanguageModel.base(MODEL)
    assert base.generate("Tell me about the moon", 0) == ""
    whole = base.generate("Tell me about the moon", 300)
    assert whole.startswith(base.generate("Tell me about the moon", 3))
    assert 0 < base.count_tokens(whole) <= 300


@pytest.mark.parametrize("prompt", ["", " ", "é" * 30_000, "tools " * 4_000 + "Which tool?"])
def test_any_prompt_gets_an_answer(prompt):
    assert isinstance(LanguageModel.base(MODEL).generate(prompt, 20), str)


def test_only_the_end_of_a_long_prompt_counts():
    base = LanguageModel.base(MODEL)
    end = "Please repeat the word: window " * 200
    assert base.loss([Example("x" * 20_000 + end, "window")]) == base.loss([Example(end, "window")])


def test_a_saved_model_is_read_back_whole(tmp_path):
    model = LanguageModel.base(MODEL)
    options = {"epochs": 1, "batch_size": 1, "learning_rate_scale": 1.0, "seed": 4, "on_step": lambda _: True}
    model.train(TEXT, [], **options)
    model.save(tmp_path / "model")
    loaded = LanguageModel.load(tmp_path / "model")
    assert loaded.loss(TEXT) == model.loss(TEXT)
    assert loaded.generate("Say hello", 30) == model.generate("Say hello", 30)
    loaded.train(TEXT, [], **options)
    model.train(TEXT, [], **options)
    assert loaded.loss(TEXT) == model.loss(TEXT)


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    with pytest.raises(ValueError, match="not a saved language model"):
        LanguageModel.load(tmp_path / "other.npz")


def test_a_copy_is_independent():
    model = LanguageModel.base(MODEL)
    other = model.copy()
    other.train(TEXT, [], epochs=1, batch_size=1, learning_rate_scale=1.0, seed=4, on_step=lambda _: True)
    assert model.loss(TEXT) == LanguageModel.base(MODEL).loss(TEXT) > other.loss(TEXT)


def test_tokens_are_counted_as_the_tokenizer_splits():
    base = LanguageModel.base(MODEL)
    assert base.count_tokens("") == 0
    assert base.count_tokens("The library is open") == 4
