"""Reinforcement: what is rewarded becomes the answer, also to prompts that were not trained on."""

import random

import numpy as np
import pytest

from finetune_local.language_model import LanguageModel, Reinforcement
from finetune_local.language_model.exploration import POOL, Proposals
from finetune_local.language_model.reinforcement import ROLLOUT_TOKENS, VALIDATION_PROMPTS

MODEL = "amazon.nova-micro-v1:0:128k"
GOOD = ["wonderful", "great", "lovely", "excellent", "charming", "superb"]
BAD = ["awful", "boring", "terrible", "dull", "poor", "dreadful"]
THINGS = ["film", "book", "meal", "hotel", "concert", "game", "phone"]
FORMS = ["The {thing} was {word}.", "What a {word} {thing}!", "I found the {thing} {word}."]


def reviews(count, seed):
    """Return (prompt, right label) pairs."""
    rng = random.Random(seed)  # noqa: S311
    found = []
    for _ in range(count):
        label = rng.choice(["positive", "negative"])
        word = rng.choice(GOOD if label == "positive" else BAD)
        text = rng.choice(FORMS).format(thing=rng.choice(THINGS), word=word)
        found.append((f"One word, positive or negative? {text}", label))
    return found


TRAINING = reviews(128, 1)
HELD_OUT = [pair for pair in reviews(60, 2) if pair not in TRAINING]


def settings(**changes):
    given = {"epochs": 4, "batch_size": 32, "samples": 8, "max_tokens": 6, "evaluate_every": 4, "seed": 1}
    return Reinforcement(**{**given, **changes})


def reinforce(model, reward, *, training=TRAINING, held_out=HELD_OUT, stop_after=10**6, **changes):
    """Reinforce `model` by reward(label, text); return the steps and what was graded."""
    steps, graded = [], []

    def grade(answers):
        graded.extend(answers)
        return [
            reward((held_out if each.held_out else training)[each.prompt][1], each.text) for each in answers
        ]

    def on_step(step):
        steps.append(step)
        return step.number < stop_after

    prompts, others = [p for p, _ in training], [p for p, _ in held_out]
    model.reinforce(prompts, others, settings=settings(**changes), grade=grade, on_step=on_step)
    return steps, graded


def right(label, text):
    return float(text.strip().lower() == label)


@pytest.fixture(scope="module")
def reinforced():
    model = LanguageModel.base(MODEL)
    return model, *reinforce(model, right)


def test_rewards_rise_on_held_out_prompts(reinforced):
    model, steps, _ = reinforced
    assert steps[0].validation_reward == 0.0, "the base never answers with a label"
    assert steps[-1].validation_reward >= 0.8
    assert steps[-1].rollout.reward_mean > steps[1].rollout.reward_mean + 0.3
    answers = [right(label, model.generate(prompt, 6)) for prompt, label in HELD_OUT]
    assert np.mean(answers) == pytest.approx(steps[-1].validation_reward)


def test_steps_tell_what_happened(reinforced):
    _, steps, graded = reinforced
    assert [(step.number, step.epoch) for step in steps] == [(0, 0)] + [
        (number, 1 + (number - 1) // 4) for number in range(1, 17)
    ]
    assert [step.number for step in steps if step.validation_reward is not None] == [0, 4, 8, 12, 16]
    assert steps[0].rollout is None
    for rollout in (step.rollout for step in steps[1:]):
        assert 0.0 <= rollout.reward_min <= rollout.reward_mean <= rollout.reward_max <= 1.0
        assert 1.0 <= rollout.length <= 6.0
        assert 0.0 <= rollout.aborted <= 1.0
        assert 0.0 <= rollout.clipped < 1.0
    assert steps[-1].rollout.entropy < steps[1].rollout.entropy / 2, "it has made up its mind"
    assert sum(not each.held_out for each in graded) == 16 * 32 * 8
    assert sum(each.held_out for each in graded) == 5 * len(HELD_OUT)


def small(model, reward, **changes):
    short = {"epochs": 1, "batch_size": 16, "samples": 4, "evaluate_every": 100}
    return reinforce(model, reward, training=TRAINING[:16], held_out=HELD_OUT[:2], **{**short, **changes})


def test_the_seed_decides():
    def run(seed):
        model = LanguageModel.base(MODEL)
        steps, graded = small(model, lambda _, text: float(len(text)), seed=seed)
        return steps, [each.text for each in graded]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_a_constant_reward_teaches_nothing():
    model, base = LanguageModel.base(MODEL), LanguageModel.base(MODEL)
    steps, _ = small(model, lambda *_: 0.7)
    assert steps[-1].rollout.loss == 0.0
    for name, values in base._state.parameters.items():
        assert (model._state.parameters[name] == values).all(), name


def test_a_reward_is_relative_to_its_group():
    def texts(reward):
        return [each.text for each in small(LanguageModel.base(MODEL), reward, epochs=2)[1]]

    assert texts(lambda _, text: float("e" in text)) == texts(lambda _, text: 8.0 * ("e" in text) - 3.0)


def test_false_stops():
    steps, graded = small(LanguageModel.base(MODEL), right, epochs=3, stop_after=1)
    assert [step.number for step in steps] == [0, 1]
    steps, graded = small(LanguageModel.base(MODEL), right, stop_after=0)
    assert len(steps) == 1
    assert all(each.held_out for each in graded)


def test_what_the_grader_raises_comes_out():
    def fail(*_):
        raise LookupError("no such key")

    with pytest.raises(LookupError, match="no such key"):
        small(LanguageModel.base(MODEL), fail)


def test_no_held_out_prompts_no_validation():
    steps, _ = reinforce(
        LanguageModel.base(MODEL), right, training=TRAINING[:4], held_out=[], epochs=1, batch_size=4
    )
    assert [step.validation_reward for step in steps] == [None, None]


def test_long_answers_and_many_held_out_prompts_have_a_bound():
    many = HELD_OUT * 3
    _, graded = reinforce(
        LanguageModel.base(MODEL),
        right,
        training=TRAINING[:2],
        held_out=many,
        epochs=1,
        batch_size=2,
        samples=2,
        max_tokens=10_000,
    )
    model = LanguageModel.base(MODEL)
    assert max(model.count_tokens(each.text) for each in graded) <= 2 * ROLLOUT_TOKENS
    asked = [each.prompt for each in graded if each.held_out]
    assert len(asked) == 2 * VALIDATION_PROMPTS < 2 * len(many)
    assert max(asked) > len(many) * 0.9, "they are spread over all"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"samples": 1},
        {"max_tokens": 0},
        {"evaluate_every": 0},
        {"learning_rate_scale": -1.0},
        {"learning_rate_scale": float("inf")},
    ],
)
def test_settings_out_of_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        settings(**wrong)


def test_no_prompts():
    with pytest.raises(ValueError, match="no prompts"):
        reinforce(LanguageModel.base(MODEL), right, training=[])


class TestProposals:
    """What is tried beside the model's own draws."""

    @pytest.fixture
    def proposals(self):
        return Proposals(["Say yes, or (no).", ""], np.random.default_rng(1))

    def test_words_of_the_prompt(self, proposals):
        tried = {proposals.propose(0) for _ in range(200)}
        assert {"Say", "yes", "or", "no", "yes, or"} <= tried
        assert all(text in "Say yes, or (no)." for text in tried)
        assert proposals.propose(1) == ""

    def test_answers_that_did_well_elsewhere(self, proposals):
        proposals.remember("maybe", 1.0)
        tried = [proposals.propose(0) for _ in range(200)]
        assert 60 < tried.count("maybe") < 140

    def test_the_best_are_remembered(self, proposals):
        for reward in range(POOL + 8):
            proposals.remember(f"answer {reward}", float(reward))
        tried = {proposals.propose(1) for _ in range(2000)} - {""}
        assert tried == {f"answer {reward}" for reward in range(8, POOL + 8)}

    def test_their_share_falls_to_none(self, proposals):
        assert np.mean([proposals.number(8, 0.0) for _ in range(200)]) == pytest.approx(4.0, abs=0.2)
        assert np.mean([proposals.number(8, 0.5) for _ in range(200)]) == pytest.approx(2.0, abs=0.2)
        assert {proposals.number(8, 1.0) for _ in range(200)} == {0}
        assert {proposals.number(2, 0.0) for _ in range(200)} == {1}, "one answer is the model's own"
