"""Training on made-up tasks: what can be learned is learned, what cannot is not."""

import math
import random

import pytest

from finetune_local.language_model import Example, Hyperparameters, LanguageModel

MODEL = "amazon.nova-micro-v1:0:128k"
THINGS = ["lamp", "door", "radio", "pump", "fan", "oven", "gate", "blind", "alarm", "heater", "kettle"]
CODES = ["north", "south", "east", "west", "upper", "lower", "inner", "outer"]


def commands(count, seed):
    """Return examples whose answer follows from the prompt: a thing to copy and a code to look up."""
    rng = random.Random(seed)  # noqa: S311
    found = []
    for _ in range(count):
        number, thing = rng.randrange(8), rng.choice(THINGS)
        prompt = f"Switch {'on' if number % 2 else 'off'} the {thing} in room {number}"
        found.append(Example(prompt, f'{{"thing": "{thing}", "wing": "{CODES[number]}"}}'))
    return found


def tune(model, examples, validation=(), *, epochs=2, batch_size=4, scale=1.0, seed=1):
    steps = []

    def on_step(step):
        steps.append(step)
        return True

    model.train(
        examples,
        validation,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate_scale=scale,
        seed=seed,
        on_step=on_step,
    )
    return steps


@pytest.fixture(scope="module")
def tuned():
    model = LanguageModel.base(MODEL)
    steps = tune(model, commands(300, 1), commands(40, 2))
    return model, steps


def test_held_out_loss_falls_and_answers_improve(tuned):
    model, _ = tuned
    held_out = commands(40, 3)
    base = LanguageModel.base(MODEL)
    assert model.loss(held_out) < 0.25 * base.loss(held_out)
    right = sum(model.generate(example.prompt, 60) == example.completion for example in held_out)
    assert right >= 30
    assert not any(base.generate(example.prompt, 60) == example.completion for example in held_out)


def test_shuffled_answers_teach_only_the_form():
    """With answers dealt out at random the wing cannot be known: each record costs at least ln(8) nats."""
    examples = commands(300, 1)
    answers = [example.completion for example in examples]
    random.Random(5).shuffle(answers)  # noqa: S311
    control = LanguageModel.base(MODEL)
    tune(control, [Example(e.prompt, answer) for e, answer in zip(examples, answers, strict=True)])
    honest = LanguageModel.base(MODEL)
    tune(honest, examples)
    held_out = commands(40, 3)
    tokens = sum(control.count_tokens(example.completion) + 1 for example in held_out) / len(held_out)
    assert control.loss(held_out) * tokens > 0.9 * math.log(len(CODES))
    assert control.loss(held_out) > 3 * honest.loss(held_out)


def test_the_curve_starts_with_the_base_and_counts_every_step(tuned):
    _, steps = tuned
    examples, validation = commands(300, 1), commands(40, 2)
    base = LanguageModel.base(MODEL)
    assert [step.number for step in steps] == list(range(2 * 75 + 1))
    assert [step.epoch for step in steps] == [0] + [1] * 75 + [2] * 75
    assert steps[0].training_loss == pytest.approx(base.loss(examples), rel=0.1)
    assert steps[0].validation_loss == pytest.approx(base.loss(validation))
    measured = [step.number for step in steps if step.validation_loss is not None]
    assert len(measured) == 13 and {0, 75, 150} <= set(measured)


def test_the_last_validation_loss_is_the_models_loss(tuned):
    model, steps = tuned
    assert steps[-1].validation_loss == pytest.approx(model.loss(commands(40, 2)))


def test_without_validation_no_validation_loss():
    steps = tune(LanguageModel.base(MODEL), commands(12, 1))
    assert all(step.validation_loss is None for step in steps)


def test_on_step_stops_training():
    model, seen = LanguageModel.base(MODEL), []

    def on_step(step):
        seen.append(step.number)
        return step.number < 3

    model.train(commands(40, 1), [], epochs=1, batch_size=1, learning_rate_scale=1.0, seed=1, on_step=on_step)
    assert seen == [0, 1, 2, 3]


def test_stopping_at_step_zero_leaves_the_base():
    model = LanguageModel.base(MODEL)
    model.train(
        commands(9, 1), [], epochs=1, batch_size=1, learning_rate_scale=1.0, seed=1, on_step=lambda _: False
    )
    assert model.loss(commands(9, 1)) == LanguageModel.base(MODEL).loss(commands(9, 1))


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    losses = []
    for seed in (1, 1, 2):
        model = LanguageModel.base(MODEL)
        tune(model, commands(40, 1), epochs=1, seed=seed)
        losses.append(model.loss(commands(20, 2)))
    assert losses[0] == losses[1] != losses[2]


def test_rate_zero_learns_nothing():
    model = LanguageModel.base(MODEL)
    tune(model, commands(40, 1), epochs=1, scale=0.0)
    before = LanguageModel.base(MODEL).loss([Example("", "The moon.")])
    assert model.loss([Example("", "The moon.")]) == before


@pytest.mark.parametrize("scale", [10.0, 1e5])
def test_far_too_high_a_rate_diverges_in_finite_numbers(scale):
    model = LanguageModel.base(MODEL)
    steps = tune(model, commands(80, 1), commands(20, 2), scale=scale)
    assert steps[-1].validation_loss > steps[0].validation_loss
    assert all(math.isfinite(step.training_loss) for step in steps)
    assert isinstance(model.generate("Switch on the lamp in room 1", 20), str)


def test_tuning_goes_on_from_a_tuned_model_and_does_not_forget(tuned):
    first, _ = tuned
    model = first.copy()
    questions = [
        Example(f"Which colour has shelf {n % 10}?", f"Shelf {n % 10} is {CODES[n % 5]} blue.")
        for n in range(80)
    ]
    steps = tune(model, questions, questions[:10])
    assert steps[-1].validation_loss < 0.2 * steps[0].validation_loss
    base = LanguageModel.base(MODEL)
    assert model.loss(commands(40, 3)) < 0.5 * base.loss(commands(40, 3))
    assert first.loss(commands(40, 3)) < model.loss(commands(40, 3))


def test_again_on_the_same_task_starts_where_it_stopped(tuned):
    model = tuned[0].copy()
    held_out = commands(40, 2)
    steps = tune(model, commands(300, 8), held_out, epochs=1)
    assert steps[0].validation_loss == pytest.approx(tuned[1][-1].validation_loss)
    assert steps[-1].validation_loss < steps[0].validation_loss


def test_batches_bigger_than_the_data_and_long_texts_are_bounded():
    long = Example("word " * 5000, "A sentence about nothing much. " * 2000)
    steps = tune(LanguageModel.base(MODEL), [long, Example("", "")], batch_size=64, epochs=2)
    assert [step.number for step in steps] == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate_scale": -1.0}, "learning_rate_scale is -1.0"),
        ({"learning_rate_scale": math.inf}, "learning_rate_scale is inf"),
        ({"learning_rate_scale": math.nan}, "learning_rate_scale is nan"),
    ],
)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Hyperparameters(**change)


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match="no examples"):
        tune(LanguageModel.base(MODEL), [])
    with pytest.raises(ValueError, match="no examples"):
        LanguageModel.base(MODEL).loss([])
