"""Which reward function a run has, what a dropped one must look like, and what it may answer."""

import io
import math
import zipfile

import pytest

from finetune_core import grading, reward_source, rewards, runs
from finetune_core.contracts import RunSettings
from finetune_core.errors import RewardInvalid, RunRejected
from finetune_core.grading import Answered, Grading
from finetune_core.limits import Limits

NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
NAMED = "finetune-dev-reward-maths"
ALLOWED = Limits(reward_code=True)
SOURCE = b"def lambda_handler(event, context):\n    return []\n"


def check(
    named: str | None = None, *, dropped: bool = True, limits: Limits = ALLOWED, kind: str = rewards.KIND
):
    settings = RunSettings(base_model=NOVA_2, customization_type=kind, reward_function=named)
    rewards.check_choice(
        settings, dropped=dropped, limits=limits, environment="dev", where="s3://b/datasets/d/"
    )


@pytest.mark.parametrize(
    "named",
    [
        NAMED,
        f"{NAMED}:live",
        f"arn:aws:lambda:us-east-1:111122223333:function:{NAMED}",
        f"arn:aws:lambda:us-east-1:111122223333:function:{NAMED}:3",
    ],
)
def test_a_dropped_or_a_named_function_will_do(named):
    check()
    check(named, dropped=False, limits=Limits())
    check(None, dropped=False, kind="FINE_TUNING")


@pytest.mark.parametrize(
    ("given", "what", "remedy"),
    [
        ({"dropped": False}, "needs a reward function", "Drop reward.py"),
        ({"named": NAMED}, "there is a reward.py and a reward_function", "Keep the one"),
        ({"limits": Limits()}, "runs no dropped code", "finetune-dev-reward-"),
        ({"kind": "FINE_TUNING"}, "reward.py is for reinforcement", '"reinforcement-fine-tuning"'),
        (
            {"kind": "DISTILLATION", "named": NAMED, "dropped": False},
            "reward_function is for",
            "take it away",
        ),
        ({"named": "payroll", "dropped": False}, "no function that this environment may call", "begins with"),
        ({"named": "finetune-prod-reward-x", "dropped": False}, "may call", "finetune-dev-reward-"),
        ({"named": f"x:{NAMED}", "dropped": False}, "may call", "name or ARN"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_what_to_do(given, what, remedy):
    with pytest.raises(RunRejected) as refused:
        check(**given)
    assert what in refused.value.what
    assert remedy in refused.value.remedy
    assert refused.value.where == "s3://b/datasets/d/"


def test_the_name_of_a_runs_own_function_fits_and_follows_from_the_run():
    longest = runs.run_id("abcdefghijklmnop", "a-very-long-name-of-a-dataset-that-goes-on", [])
    name = runs.names("abcdefghijklmnop", longest).reward
    assert len(name) <= 64
    assert name.startswith("finetune-abcdefghijklmnop-reward-a-very-long")
    assert name.endswith(longest[-13:])
    assert runs.names("dev", "maths-0123456789ab").reward == "finetune-dev-reward-maths-0123456789ab"


def test_the_job_gets_typed_hyperparameters():
    found = rewards.job_hyperparameters({"epochCount": "2", "learningRate": "1e-5", "reasoningEffort": "low"})
    assert found == {"EpochCount": 2, "LearningRate": 1e-5, "ReasoningEffort": "low"}


@pytest.mark.parametrize(
    "source",
    [
        SOURCE,
        b"\xef\xbb\xbf" + SOURCE,
        b"def grade(event, context):\n    return []\nlambda_handler = grade\n",
        b"from json import dumps as lambda_handler\n",
    ],
)
def test_a_source_with_a_handler_passes(source):
    reward_source.check_source(source, "s3://b/k")
    with zipfile.ZipFile(io.BytesIO(reward_source.package(source))) as archive:
        assert archive.namelist() == ["reward.py"]
        assert archive.read("reward.py") == source.removeprefix(b"\xef\xbb\xbf")
    assert reward_source.package(source) == reward_source.package(source)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (SOURCE + b"#" * 65_536, "more than 65,536"),
        (b"x = '\xff'\n", "not UTF-8 (byte 5)"),
        (b"def lambda_handler(event, context):\n    retrun []\n", "line 2"),
        (b"x = 1\nreturn 2\n", "line 2: 'return' outside function"),
        (b"x = '\x00'\n", "reward.py"),
        (b"x = " + b"(" * 5_000 + b")" * 5_000, "reward.py"),
        (b"def handler(event, context):\n    return []\n", "defines no lambda_handler"),
        (b"class A:\n    def lambda_handler(self):\n        return []\n", "defines no lambda_handler"),
    ],
)
def test_a_source_that_cannot_work_is_refused(source, what):
    with pytest.raises(RewardInvalid) as refused:
        reward_source.check_source(source, "s3://b/k version v")
    assert what in refused.value.what
    assert refused.value.remedy
    assert refused.value.where == "s3://b/k version v"


def answered(*ids: str) -> list[Answered]:
    asked = Grading(messages=[{"role": "user", "content": "1 + 1?"}], metadata={"reference_answer": "2"})
    return [Answered(id=each, grading=asked, answer="3", name=f"record {each}") for each in ids]


def score(name: str = "a", value: object = 0.5, **more: object) -> dict[str, object]:
    return {"id": name, "aggregate_reward_score": value, **more}


def test_the_function_gets_messages_with_the_answer_and_everything_else_as_metadata():
    record = {
        "id": "r1",
        "messages": [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}],
        "reference_answer": {"sum": 2},
    }
    asked = Answered(id="x", grading=grading.to_grading(record), answer="3", name="record 1")
    assert asked.item() == {
        "id": "x",
        "messages": [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "3"}],
        "metadata": {"id": "r1", "reference_answer": {"sum": 2}},
    }
    assert grading.reference_text(record) == '{"sum": 2}'
    assert grading.reference_text({"reference_answer": "two"}) == "two"
    assert grading.reference_text({"reference_answer": None}) == ""


def test_scores_are_read_by_id_in_any_order():
    metric = {"name": "right", "value": 1, "type": "Reward"}
    found = grading.read_scores(
        [score("b", 1), score("a", -2.5, metrics_list=[metric])], answered("a", "b"), "f"
    )
    assert found == {"a": -2.5, "b": 1.0}


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"statusCode": 200}, 'it answered {"statusCode": 200}, not a list'),
        (None, "not a list"),
        (["x"], "was not asked for"),
        ([score("z")], "was not asked for"),
        ([score(), score()], "twice for record a"),
        ([], "no score for record a"),
        ([{"id": "a"}], "is missing for record a"),
        ([score(value="1")], 'is "1" for record a'),
        ([score(value=True)], "is true for record a"),
        ([score(value=math.nan)], "is NaN for record a"),
        ([score(value=math.inf)], "not a finite number"),
        ([score(metrics_list={})], "metrics_list is malformed for record a"),
        ([score(metrics_list=[{"name": "x", "value": 1, "type": "Score"}])], "Reward or Metric"),
        ([score(metrics_list=[{"name": "x", "value": math.nan, "type": "Metric"}])], "malformed"),
        ([score(metrics_list=["x"])], "malformed"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_told_with_the_record(answer, what):
    with pytest.raises(RewardInvalid) as refused:
        grading.read_scores(answer, answered("a"), "arn")
    assert what in refused.value.what
    assert "aggregate_reward_score" in refused.value.remedy
    assert refused.value.where == "arn"
