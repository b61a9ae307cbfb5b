"""Answers drawn from the model: the probabilities are the network's own."""

import numpy as np
import pytest

from finetune_local.language_model.features import REACH, context_rows, last_context_rows, read_prompt
from finetune_local.language_model.network import forward, likelihood
from finetune_local.language_model.sampling import ANSWERS_AT_ONCE, draw
from finetune_local.language_model.tokenizer import END, START, base_tokenizer
from finetune_local.language_model.training import Prepared, untrained, window, word_weights

TOKENIZER = base_tokenizer()
PROMPTS = ["Say yes or no: is it warm?", "", "system\nBe brief.\n\nuser\nzebra zebra zebra\n\nassistant\n"]


@pytest.fixture(scope="module")
def state():
    """Return a state whose parameters all matter."""
    rng = np.random.default_rng(5)
    made = untrained(5)
    for name, values in made.parameters.items():
        made.parameters[name] = values + (rng.standard_normal(values.shape) * 0.2).astype(values.dtype)
    return made


def drawn(state, prompts=PROMPTS, *, count=4, max_tokens=6, seed=1):
    memories = [read_prompt(prompt, TOKENIZER) for prompt in prompts]
    read = [(memory, word_weights(state, memory)) for memory in memories]
    rng = np.random.default_rng(seed)
    groups = draw(state.parameters, TOKENIZER, read, count=count, max_tokens=max_tokens, rng=rng)
    return memories, groups


def test_features_of_the_last_position_are_those_of_all_positions():
    text = 'Hello, 12 tickets {"a": 3} internationalisation antidisestablishmentarianism\n\n  ok'
    ids = np.array(TOKENIZER.encode(text), dtype=np.int64)
    rows = context_rows(ids, 0, TOKENIZER)
    padded = np.concatenate([np.full(REACH, START), ids])
    recent = np.stack([padded[k : k + REACH] for k in range(len(ids) + 1)])
    assert (last_context_rows(recent, TOKENIZER) == rows).all()


def test_log_probabilities_are_the_networks(state):
    memories, groups = drawn(state)
    for memory, group in zip(memories, groups, strict=True):
        for answer in group:
            asked = window(state, Prepared(memory, answer.ids), 0, len(answer.ids))
            expected = np.log(likelihood(forward(state.parameters, [asked], TOKENIZER)).total)
            assert np.allclose(answer.log_probabilities, expected, atol=1e-4)


def test_answers_end_at_the_end_or_at_the_longest_length(state):
    _, groups = drawn(state, count=20, max_tokens=3)
    for answer in (answer for group in groups for answer in group):
        assert 1 <= len(answer.ids) <= 3
        assert END not in answer.ids[:-1]
        assert len(answer.ids) == 3 or answer.ids[-1] == END


def test_tokens_come_as_often_as_they_are_probable(state):
    memories, (group,) = drawn(state, PROMPTS[:1], count=4000, max_tokens=1)
    seen = np.bincount([answer.ids[0] for answer in group], minlength=len(TOKENIZER)) / len(group)
    for token in np.argsort(-seen)[:3]:
        asked = window(state, Prepared(memories[0], np.array([token], dtype=np.int32)), 0, 1)
        expected = float(likelihood(forward(state.parameters, [asked], TOKENIZER)).total[0])
        assert seen[token] == pytest.approx(expected, abs=4 * np.sqrt(expected / len(group)))


def test_many_answers_are_drawn_in_portions(state):
    _, groups = drawn(state, PROMPTS, count=ANSWERS_AT_ONCE, max_tokens=1)
    assert [len(group) for group in groups] == [ANSWERS_AT_ONCE] * len(PROMPTS)


def test_the_seed_decides(state):
    def ids(seed):
        return [answer.ids.tolist() for group in drawn(state, seed=seed)[1] for answer in group]

    assert ids(1) == ids(1) != ids(2)
