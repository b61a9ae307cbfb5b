"""What is tried of a reward function, what its curve says, and how answers are judged by it."""

import pytest

from finetune_core import reward_judgement, reward_trial, rewarding
from finetune_core.contracts import Loss, RunSettings, Training
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Answer, Round, decide, judge_unasked
from finetune_core.gate import Gate

SETTINGS = RunSettings(
    base_model="amazon.nova-2-lite-v1:0:256k", customization_type="REINFORCEMENT_FINE_TUNING"
)


def record(question: str, reference: object = None, **more: object) -> dict:
    found = {"messages": [{"role": "user", "content": question}], **more}
    return found if reference is None else found | {"reference_answer": reference}


def test_each_record_is_tried_with_its_own_and_with_another_answer():
    trial = reward_trial.plan_trial([record("1 + 1?", "2"), record("2 + 2?", "4", id="sum-2"), record("x?")])
    assert [each.answer for each in trial.asked] == ["2", "4", "4", "2", reward_trial.NO_ANSWER]
    assert trial.asked[0].name == 'record 1 of the training split ("1 + 1?")'
    assert trial.asked[2].name == 'record 2 of the training split ("sum-2")'
    assert len({each.id for each in trial.asked}) == 5
    assert trial.pairs[2].right is None


def test_records_that_all_want_the_same_are_tried_with_no_answer():
    trial = reward_trial.plan_trial([record("a?", "yes"), record("b?", "yes")])
    assert [each.answer for each in trial.asked] == ["yes", reward_trial.NO_ANSWER] * 2


def test_at_most_a_few_records_are_tried():
    trial = reward_trial.plan_trial(record(f"{n}?", str(n)) for n in range(100))
    assert len(trial.pairs) == reward_trial.RECORDS


@pytest.mark.parametrize(
    ("right", "wrong", "warned"), [(1.0, 0.0, False), (0.0, 1.0, True), (0.5, 0.5, True), (-1.0, -2.0, False)]
)
def test_a_reward_that_does_not_tell_right_from_wrong_is_warned_of(right, wrong, warned):
    trial = reward_trial.plan_trial([record("1 + 1?", "2"), record("2 + 2?", "4")])
    scores = {each.id: right if place % 2 == 0 else wrong for place, each in enumerate(trial.asked)}
    found = reward_trial.judge(trial, scores)
    assert (found.right, found.wrong) == (right, wrong)
    assert any("does not tell right from wrong" in text for text in found.warnings) is warned


def test_what_could_not_be_tried_is_said():
    assert "was not tried" in reward_trial.judge(reward_trial.plan_trial([]), {}).warnings[0]
    trial = reward_trial.plan_trial([record("x?")])
    found = reward_trial.judge(trial, {trial.asked[0].id: 0.3})
    assert (found.right, found.wrong) == (None, None)
    assert "No record tried has a reference_answer" in found.warnings[0]


RISING = [0.1, 0.12, 0.15, 0.22, 0.3, 0.42, 0.5, 0.58, 0.66, 0.7, 0.74, 0.76]


def findings(values: list[float], **hyperparameters: str) -> list:
    return reward_judgement.judge(list(enumerate(values, 1)), None, hyperparameters)


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        (RISING, None, ""),
        (RISING[::-1], "divergence", "The reward fell"),
        ([-value for value in RISING], "divergence", "The reward fell"),
        ([value - 5 for value in RISING], None, ""),
        ([*RISING, 0.6, 0.4, 0.2, 0.1, 0.1, 0.1], "divergence", "The reward collapsed"),
        ([0.4, 0.5, 0.42, 0.48, 0.41, 0.5, 0.43, 0.47, 0.42, 0.49], "no_progress", "hardly moved"),
        ([0.0] * 12, "no_progress", "at each of 12 steps"),
        (RISING[:5][::-1], None, ""),
        ([], "no_curve", "no step-wise rewards"),
    ],
)
def test_what_a_curve_of_rewards_shows(values, code, says):
    found = findings(values)
    assert [each.code for each in found] == ([code] if code else [])
    if found:
        assert says in found[0].what


def test_a_reward_that_breaks_off_and_advice_with_the_jobs_own_rate():
    (broken,) = reward_judgement.judge([(1, 0.1)], 7, {"learningRate": "0.001"})
    assert (broken.code, "step 7" in broken.what) == ("divergence", True)
    assert "Try learningRate 0.0003 in place of 0.001" in broken.advice
    assert "about a third" in findings(RISING[::-1])[0].advice
    assert "learningRate 0.003" in findings([0.4, 0.5] * 6, learningRate="0.001")[0].advice


def answers(*rewards: float | None, answer: str | None = "x") -> dict[int, Answer]:
    return {
        number: Answer(record=number, answer=answer, reward=reward, reward_error=None if reward else "boom")
        for number, reward in enumerate(rewards)
    }


def asked(base: dict[int, Answer], candidate: dict[int, Answer], reference: str = "x", **more) -> Round:
    return Round(references=dict.fromkeys(base, reference), base=base, candidate=candidate, **more)


def test_rewards_between_0_and_1_are_taken_as_they_are():
    found = rewarding.measure(asked(answers(0.1, 0.2), answers(0.7, 1.0)), SETTINGS)
    assert found.metric == "reward"
    assert found.values == {"base": {0: 0.1, 1: 0.2}, "candidate": {0: 0.7, 1: 1.0}}
    assert found.scores["candidate"].reward == pytest.approx(0.85)
    assert found.scores["candidate"].exact_match == 1.0
    assert found.why == "it is what the model was trained for"


def test_other_rewards_are_brought_into_0_to_1_for_all_alike():
    found = rewarding.measure(
        asked(answers(-1.0, 1.0), answers(3.0, 1.0), champion=answers(-1.0, -1.0)), SETTINGS
    )
    assert found.values["base"] == {0: 0.0, 1: 0.5}
    assert found.values["candidate"] == {0: 1.0, 1: 0.5}
    assert found.values["champion"] == {0: 0.0, 1: 0.0}
    assert "rewards from -1 to 3 were brought into 0 to 1" in found.why


def test_what_failed_or_could_not_be_graded_counts_as_the_lowest():
    base = answers(1.0, None) | {2: Answer(record=2, answer=None, error="Throttled: x")}
    found = rewarding.measure(asked(base, answers(1.0, 1.0, 1.0)), SETTINGS)
    assert found.values["base"] == {0: 1.0, 1: 0.0, 2: 0.0}
    assert found.scores["base"].failed == 1
    assert "1 answers could not be graded and count as 0" in found.why


def test_records_without_a_reference_are_judged_by_reward_alone():
    found = rewarding.measure(asked(answers(0.0), answers(1.0), reference=""), SETTINGS)
    assert found.scores["base"].exact_match is None
    assert found.scores["base"].records == 1


def test_a_reward_that_graded_nothing_ends_the_evaluation():
    with pytest.raises(EvaluationFailed, match="graded none of 2 answers") as failed:
        rewarding.measure(asked(answers(None), answers(None)), SETTINGS)
    assert failed.value.where == "boom"


def test_the_settings_may_choose_another_metric():
    settings = RunSettings(**{**as_dict(SETTINGS), "gate": Gate(metric="exact_match")})
    found = rewarding.measure(asked(answers(None), answers(None)), settings)
    assert found.metric == "exact_match"
    chosen = RunSettings(**{**as_dict(SETTINGS), "gate": Gate(metric="reward")})
    assert rewarding.measure(asked(answers(1.0), answers(1.0)), chosen).why == "the settings ask for it"


def as_dict(settings: RunSettings) -> dict:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def test_the_verdict_rests_on_paired_rewards():
    base, candidate = answers(*[0.1, 0.2] * 20), answers(*[0.8, 0.9] * 20)
    found = rewarding.measure(asked(base, candidate), SETTINGS)
    verdict = decide(asked(base, candidate), found, SETTINGS, "seed")
    assert (verdict.verdict, verdict.metric) == ("PROMOTE", "reward")
    assert verdict.interval[0] > 0.6


def trained(**rewards: Loss | None) -> Training:
    return Training(
        job_arn="j", model_arn="m", status="Completed", training_loss=None, validation_loss=None,
        steps=1, seconds=1.0, curve_uri=None, **rewards,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "verdict"), [(0.1, 0.5, "PROMOTE"), (0.5, 0.1, "REJECT"), (0.5, 0.5, "REJECT")]
)
def test_a_model_that_cannot_be_asked_is_judged_by_its_validation_reward(first, last, verdict):
    curve = Loss(first=first, last=last)
    found = judge_unasked(trained(training_reward=curve, validation_reward=curve), "No endpoint.")
    assert (found.verdict, found.metric) == (verdict, "validation_reward")


def test_without_a_validation_reward_it_is_held():
    found = judge_unasked(trained(training_reward=Loss(first=0, last=1)), "No endpoint.")
    assert found.verdict == "HOLD"
    assert "no validation reward" in found.reasons[1]
