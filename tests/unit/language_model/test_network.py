"""The hand-written gradients against numerical ones, and probabilities that sum to one."""

import numpy as np
import pytest

from finetune_local.language_model import Example
from finetune_local.language_model.features import CONTEXT_FEATURES, REACH, context_rows
from finetune_local.language_model.network import backward, forward, likelihood, next_probabilities
from finetune_local.language_model.optimizer import sum_by_row
from finetune_local.language_model.tokenizer import VOCABULARY_SIZE, base_tokenizer
from finetune_local.language_model.training import prepare, untrained, window

EXAMPLES = [
    Example("Please repeat the word: zebra", "zebra, zebra"),
    Example("", "No prompt at all."),
    Example("What is the capital?", "The capital is the city."),
]


@pytest.fixture(scope="module")
def network():
    """Return double-precision parameters away from their start, and windows over EXAMPLES."""
    rng = np.random.default_rng(3)
    state = untrained(3)
    windows = []
    for example in prepare(EXAMPLES, base_tokenizer()):
        windows.append(window(state, example, 0, len(example.ids)))
    parameters = {
        name: values + rng.standard_normal(values.shape) * 0.1 for name, values in state.parameters.items()
    }
    return parameters, windows


def total(parameters, windows):
    return -np.log(likelihood(forward(parameters, windows, base_tokenizer())).total).sum()


def computed_gradients(parameters, windows):
    done = forward(parameters, windows, base_tokenizer())
    gradients = backward(parameters, done, likelihood(done))
    full = dict(gradients.dense)
    for name, received in gradients.sparse.items():
        rows, values = sum_by_row(received)
        full[name] = np.zeros_like(parameters[name])
        full[name][rows] = values
    return full


@pytest.mark.parametrize("name", ["context", "memory", "bag", "output", "bias", "attend", "copy"])
def test_gradient_matches_differences(network, name):
    parameters, windows = network
    gradient = computed_gradients(parameters, windows)[name].ravel()
    largest = np.argsort(-abs(gradient))[:6]
    touched = np.flatnonzero(gradient)
    spread = touched[:: max(1, len(touched) // 6)][:6]
    flat = parameters[name].ravel()
    for index in {*largest.tolist(), *spread.tolist()}:
        kept = flat[index]
        flat[index] = kept + 1e-5
        above = total(parameters, windows)
        flat[index] = kept - 1e-5
        below = total(parameters, windows)
        flat[index] = kept
        assert gradient[index] == pytest.approx((above - below) / 2e-5, rel=1e-4, abs=1e-7)


def test_weights_of_positions_scale_their_gradients(network):
    parameters, windows = network
    factors = [2.0, 0.0, -0.5]

    def gradient(chosen, weights):
        done = forward(parameters, chosen, base_tokenizer())
        return backward(parameters, done, likelihood(done), weights).dense["output"]

    each = np.repeat(factors, [len(one.targets) for one in windows])
    expected = sum(factor * gradient([one], 1.0) for factor, one in zip(factors, windows, strict=True))
    weighted = gradient(windows, each)
    assert np.allclose(weighted, expected)


def test_every_parameter_receives_a_gradient(network):
    assert all(np.any(values) for values in computed_gradients(*network).values())


def test_next_token_probabilities_sum_to_one_and_none_is_zero(network):
    parameters, windows = network
    for one in windows:
        probabilities = next_probabilities(forward(parameters, [one], base_tokenizer()))
        assert probabilities.shape == (VOCABULARY_SIZE,)
        assert probabilities.sum() == pytest.approx(1.0)
        assert probabilities.min() > 0


def test_likelihood_is_the_probability_that_generation_sees(network):
    parameters, windows = network
    for one in windows:
        done = forward(parameters, [one], base_tokenizer())
        expected = next_probabilities(done)[one.targets[-1]]
        assert likelihood(done).total[-1] == pytest.approx(expected)


def test_positions_have_the_same_features_in_any_window():
    tokenizer = base_tokenizer()
    ids = np.array(tokenizer.encode("A long sentence, 12345 words, incomprehensibilities and more. " * 9))
    whole = context_rows(ids, 0, tokenizer)
    assert whole.shape == (len(ids) + 1, CONTEXT_FEATURES)
    for first in (1, 20, len(ids) - 3):
        begin = max(0, first - REACH)
        assert (context_rows(ids[begin:], first - begin, tokenizer) == whole[first:]).all()
