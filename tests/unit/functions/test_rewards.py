"""Reinforcement fine-tuning: from the dropped reward.py to its deletion."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from deploy_reward import deploying
from finetune_core.errors import AccessDenied, ModelNotTunable, RewardInvalid, ServiceUnavailable, Throttled
from tests.unit.functions.account import Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.lambdas import ACCOUNT, Lambdas
from tests.unit.functions.samples import (
    OLD_PT_ARN,
    RUN_ID,
    TAGS,
    endpoint,
    evaluation,
    plan,
    preflight,
    reply,
    settings,
    training,
    validation,
)

Call = Callable[..., dict[str, Any]]

NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
NAME = f"finetune-DEV-reward-{RUN_ID}"
RIGHT = """\
def said(each):
    return each["messages"][-1]["content"]


def lambda_handler(event, context):
    return [
        {
            "id": each["id"],
            "aggregate_reward_score": float(said(each) == each["metadata"]["reference_answer"]),
            "metrics_list": [],
        }
        for each in event
    ]
"""
FAILS_AT_FOUR = """\
def lambda_handler(event, context):
    for each in event:
        if each["metadata"]["reference_answer"] == "4":
            raise ValueError("no fours")
    return [{"id": each["id"], "aggregate_reward_score": 1} for each in event]
"""


def rft_settings(**changes: Any) -> dict[str, Any]:
    given = {"base_model": NOVA_2, "customization_type": "REINFORCEMENT_FINE_TUNING"}
    return settings(**given | changes)


def rft_plan(**changes: Any) -> dict[str, Any]:
    names = plan()["names"] | {"reward": NAME}
    return plan(settings=rft_settings(**changes), names=names)


def rft_preflight(**changes: Any) -> dict[str, Any]:
    given = {"customization_type": "REINFORCEMENT_FINE_TUNING", "hyperparameters": {"epochCount": "2"}}
    return preflight(**given, **changes)


REWARD = {"function_arn": ACCOUNT + NAME, "dropped": True, "code_sha256": "x"}


def record(number: int) -> dict[str, Any]:
    asked = [{"role": "user", "content": f"{number} + {number}?"}]
    return {"messages": asked, "reference_answer": str(2 * number)}


def grading_of(value: dict[str, Any]) -> dict[str, Any]:
    metadata = {"reference_answer": value["reference_answer"]}
    return {"messages": value["messages"], "metadata": metadata}


def put_run(aws: FakeAws, source: bytes | None = RIGHT.encode(), records: int = 4) -> None:
    """What intake and validation left behind."""
    files = []
    if source is not None:
        key = "datasets/banking-qa/reward.py"
        version = aws.s3.put("data-bucket", key, source)
        pinned = {"role": "reward", "bucket": "data-bucket", "key": key, "version_id": version}
        files.append(pinned | {"bytes": len(source)})
    inputs = {"run_id": RUN_ID, "dataset": "banking-qa", "collection": "datasets", "files": files}
    body = json.dumps(inputs | {"settings": rft_settings()}).encode()
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/inputs.json", body)
    lines = "".join(json.dumps(record(number)) + "\n" for number in range(1, records + 1))
    aws.s3.put("data-bucket", f"prepared/{RUN_ID}/train.jsonl", lines.encode())


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_ROLE", "arn:aws:iam::111122223333:role/reward")
    monkeypatch.setenv("REWARD_LOG_GROUP", "rewards")
    monkeypatch.setenv("REWARD_RUNTIME", "python3.13")
    monkeypatch.setenv("REWARD_ARCHITECTURE", "arm64")
    monkeypatch.setattr(deploying, "PAUSE_SECONDS", 0.0)


def deploy(call: Call, **changes: Any) -> dict[str, Any]:
    event = {"plan": rft_plan(**changes), "preflight": rft_preflight(), "validation": validation()}
    return call("deploy_reward", event)


def test_a_dropped_file_becomes_a_tagged_function_that_was_tried(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    account = Lambdas(aws)
    found = deploy(call)["reward"]
    assert found["function_arn"] == ACCOUNT + NAME
    assert (found["dropped"], found["tried"], found["right"], found["wrong"]) == (True, 4, 1.0, 0.0)
    assert found["hyperparameters"] == {"EpochCount": 2}
    (request,) = aws.made("lambda:CreateFunction")
    assert request["Tags"] == TAGS
    assert request["Role"] == "arn:aws:iam::111122223333:role/reward"
    assert request["LoggingConfig"] == {"LogGroup": "rewards"}
    assert (request["Handler"], request["Timeout"], request["MemorySize"]) == (
        "reward.lambda_handler",
        60,
        256,
    )
    assert found["code_sha256"] == account.found[NAME]["sha"]


def test_asking_again_makes_no_second_function(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    Lambdas(aws)
    first = deploy(call)
    assert deploy(call) == first
    assert len(aws.made("lambda:CreateFunction")) == 1


def test_a_function_whose_creation_was_answered_in_vain_is_found(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    account = Lambdas(aws)
    real = aws.answers["lambda:GetFunction"]
    looks = iter([error("ResourceNotFoundException", status=404)])

    def get(**request: Any) -> Any:
        if (lost := next(looks, None)) is not None:
            account.put(NAME, RIGHT, TAGS)
            raise lost
        return real(**request)

    aws.on("lambda:GetFunction", get)
    assert deploy(call)["reward"]["right"] == 1.0


def test_a_strangers_function_of_that_name_is_not_used(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    Lambdas(aws).put(NAME, RIGHT, {"team": "other"})
    with pytest.raises(RewardInvalid, match="not this run's"):
        deploy(call)


def test_a_named_function_is_tried_and_never_made(aws: FakeAws, call: Call) -> None:
    put_run(aws, source=None)
    Lambdas(aws).put("finetune-DEV-reward-maths", RIGHT)
    found = deploy(call, reward_function="finetune-DEV-reward-maths")["reward"]
    assert found["function_arn"] == f"{ACCOUNT}finetune-DEV-reward-maths"
    assert (found["dropped"], found["right"]) == (False, 1.0)
    assert not aws.made("lambda:CreateFunction")


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (b"def lambda_handler(event, context):\n    retrun 1\n", "reward.py line 2"),
        (b"x = 1\n", "defines no lambda_handler"),
        (b"\xff", "not UTF-8"),
        (b"#" * 70_000, "more than 65,536"),
    ],
)
def test_a_file_that_cannot_work_makes_no_function(
    aws: FakeAws, call: Call, source: bytes, what: str
) -> None:
    put_run(aws, source)
    with pytest.raises(RewardInvalid, match=what):
        deploy(call)
    assert not aws.made("lambda:CreateFunction")


def test_a_function_that_raises_is_told_with_record_and_line(aws: FakeAws, call: Call) -> None:
    put_run(aws, FAILS_AT_FOUR.encode())
    Lambdas(aws)
    with pytest.raises(RewardInvalid) as failed:
        deploy(call)
    assert "ValueError: no fours" in failed.value.what
    assert 'File "/var/task/reward.py", line 4' in failed.value.what
    assert 'record 2 of the training split ("2 + 2?")' in failed.value.what
    assert "drop the data again" in failed.value.remedy


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return {}", "not a list"),
        ("return []", "no score for record 1"),
        ("return [{'id': each['id'], 'aggregate_reward_score': float('nan')} for each in event]", "NaN"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
    ],
)
def test_a_function_that_breaks_its_contract_is_told(aws: FakeAws, call: Call, body: str, what: str) -> None:
    put_run(aws, f"def lambda_handler(event, context):\n    {body}\n".encode())
    Lambdas(aws)
    with pytest.raises(RewardInvalid, match=what):
        deploy(call)


def test_a_function_that_does_not_answer_in_time(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    Lambdas(aws)
    aws.on("lambda:Invoke", ReadTimeoutError(endpoint_url="https://lambda"))
    with pytest.raises(RewardInvalid, match="did not answer in time"):
        deploy(call)


def test_throttled_calls_are_for_the_state_to_repeat(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    Lambdas(aws)
    aws.on("lambda:Invoke", error("TooManyRequestsException", status=429))
    with pytest.raises(Throttled):
        deploy(call)


def test_a_reward_that_knows_no_right_is_a_warning(aws: FakeAws, call: Call) -> None:
    put_run(aws, RIGHT.replace("==", "!=").encode())
    Lambdas(aws)
    found = deploy(call)
    assert "does not tell right from wrong" in found["warnings"][-1]
    assert (found["reward"]["right"], found["reward"]["wrong"]) == (0.0, 1.0)


def test_a_function_that_lambda_cannot_start(aws: FakeAws, call: Call) -> None:
    put_run(aws)
    Lambdas(aws, states=("Failed",))
    with pytest.raises(RewardInvalid, match="EFS is not a reward"):
        deploy(call)


def test_a_function_that_stays_pending_is_tried_again(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_run(aws)
    Lambdas(aws, states=("Pending",))
    monkeypatch.setattr(deploying, "ACTIVE_SECONDS", 0.0)
    with pytest.raises(ServiceUnavailable, match="still pending"):
        deploy(call)


def test_a_named_function_that_is_not_there(aws: FakeAws, call: Call) -> None:
    put_run(aws, source=None)
    Lambdas(aws)
    with pytest.raises(RewardInvalid, match="there is no function finetune-DEV-reward-x"):
        deploy(call, reward_function="finetune-DEV-reward-x")


def test_a_run_without_either_is_told(aws: FakeAws, call: Call) -> None:
    put_run(aws, source=None)
    with pytest.raises(RewardInvalid, match=r"neither reward\.py nor a reward_function"):
        deploy(call)


def test_answers_are_graded_and_one_failure_takes_no_other_along(aws: FakeAws, call: Call) -> None:
    Lambdas(aws).put(NAME, FAILS_AT_FOUR, TAGS)
    lines = [
        {
            "record": number,
            "request": {"messages": [{"role": "user", "content": [{"text": f"question {number}"}]}]},
            "reference": str(2 * number),
            "max_tokens": 64,
            "grading": grading_of(record(number)),
        }
        for number in range(4)
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", body)

    def converse(messages: list[Any], **_: Any) -> Any:
        if messages[0]["content"][0]["text"] == "question 3":
            raise error("ValidationException", "too long")
        return reply("said")

    aws.on("bedrock-runtime:Converse", converse)
    event = {
        "plan": rft_plan(),
        "preflight": rft_preflight(reward=REWARD),
        "validation": validation(4),
        "contestant": "base",
        "model_id": "m",
        "shard": {"from": 0, "to": 4},
    }
    found = call("answer_prompts", event)
    kept = [json.loads(line) for line in aws.s3.text("artifacts-bucket", found["key"]).splitlines()]
    assert [each.get("reward") for each in kept] == [1.0, 1.0, None, None]
    assert "no fours" in kept[2]["reward_error"]
    assert kept[3]["answer"] is None
    assert (found["answered"], found["failed"]) == (3, 1)


def test_the_verdict_is_by_reward(aws: FakeAws, call: Call) -> None:
    grading = {"messages": record(1)["messages"], "metadata": {}}
    asked = {"request": {"messages": []}, "reference": "2", "max_tokens": 64, "grading": grading}
    body = "".join(json.dumps({"record": number, **asked}) + "\n" for number in range(6)).encode()
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", body)
    answers = []
    for name, reward in (("base", 0.25), ("candidate", 0.75)):
        key = f"runs/{RUN_ID}/answers/{name}.jsonl"
        said = [{"record": number, "answer": "3", "reward": reward} for number in range(6)]
        aws.s3.put("artifacts-bucket", key, "".join(json.dumps(each) + "\n" for each in said).encode())
        answers.append({"contestant": name, "key": key, "answered": 6, "failed": 0})
    event = {
        "plan": rft_plan(),
        "validation": validation(),
        "training": training(),
        "endpoint": endpoint(),
        "champion": None,
        "answers": answers,
    }
    found = call("judge_models", event)
    assert (found["verdict"], found["metric"]) == ("PROMOTE", "reward")
    assert (found["base"]["reward"], found["candidate"]["reward"]) == (0.25, 0.75)
    assert found["candidate"]["exact_match"] == 0.0


def put_curves(aws: FakeAws, rewards: list[float]) -> None:
    folder = f"runs/{RUN_ID}/training/job"
    lines = "".join(f"{step},1,{value},1.0\n" for step, value in enumerate(rewards, 1))
    steps = f"step_number,epoch_number,critic/rewards/mean,actor/entropy\n{lines}"
    aws.s3.put("artifacts-bucket", f"{folder}/step_wise_training_metrics.csv", steps.encode())
    checks = b"step_number,epoch_number,val-score/rewards/mean@1\n0,0,0.1\n10,1,0.6\n"
    aws.s3.put("artifacts-bucket", f"{folder}/validation_metrics.csv", checks)
    job = {
        "jobArn": training()["job_arn"],
        "outputModelArn": training()["model_arn"],
        "status": "Completed",
        "creationTime": "2026-11-28",
        "customizationConfig": {"rftConfig": {"hyperParameters": {"learningRate": 1e-3}}},
    }
    aws.on("bedrock:GetModelCustomizationJob", job)


def test_rewards_stand_where_losses_do(aws: FakeAws, call: Call) -> None:
    put_curves(aws, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.72, 0.74])
    found = call("read_training", {"plan": rft_plan(), "validation": validation()})
    assert found["training_reward"] == {"first": 0.1, "last": 0.74}
    assert found["validation_reward"] == {"first": 0.1, "last": 0.6}
    assert (found["training_loss"], found["validation_loss"], found["trained_tokens"]) == (None, None, None)
    assert (found["steps"], found["findings"]) == (10, [])


def test_a_reward_that_fell_keeps_the_model_from_being_served(aws: FakeAws, call: Call) -> None:
    put_curves(aws, [0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05])
    found = call("read_training", {"plan": rft_plan(), "validation": validation()})
    assert found["blocked"]["outcome"] == "TrainingDiverged"
    assert "learningRate 0.0003 in place of 0.001" in found["blocked"]["message"]


def failed_event(**changes: Any) -> dict[str, Any]:
    return {"plan": rft_plan(**changes), "phase": "train", "error": {"Error": "X", "Cause": ""}}


def test_clean_up_deletes_the_runs_own_function(aws: FakeAws, call: Call) -> None:
    Endpoints(aws)
    account = Lambdas(aws)
    account.put(NAME, RIGHT, TAGS)
    assert call("clean_up", failed_event())["deleted"] == [ACCOUNT + NAME]
    assert not account.found
    assert call("clean_up", failed_event())["deleted"] == []


def test_a_deletion_whose_answer_was_lost_is_denied_and_fine(aws: FakeAws, call: Call) -> None:
    """The permission asks for a tag, which a function that is gone has not."""
    Endpoints(aws)
    account = Lambdas(aws)
    account.put(NAME, RIGHT, TAGS)

    def delete(**_: Any) -> Any:
        account.found.clear()
        raise error("AccessDeniedException", status=403)

    aws.on("lambda:DeleteFunction", delete)
    assert call("clean_up", failed_event())["deleted"] == [ACCOUNT + NAME]
    account.put(NAME, RIGHT, TAGS)
    aws.on("lambda:DeleteFunction", error("AccessDeniedException", status=403))
    with pytest.raises(AccessDenied, match="lambda:DeleteFunction"):
        call("clean_up", failed_event())


@pytest.mark.parametrize("other", [{"finetune:run": "another"}, {"finetune:pipeline": "PROD"}])
def test_clean_up_leaves_other_functions_alone(aws: FakeAws, call: Call, other: dict[str, str]) -> None:
    Endpoints(aws)
    account = Lambdas(aws)
    account.put(NAME, RIGHT, TAGS | other)
    assert call("clean_up", failed_event())["deleted"] == []
    assert account.found


def test_other_kinds_are_not_asked_about_functions(aws: FakeAws, call: Call) -> None:
    Endpoints(aws)
    call("clean_up", {"plan": plan(), "phase": "train", "error": {"Error": "X", "Cause": ""}})
    assert not aws.made("lambda:GetFunction")


def test_promotion_deletes_it_too_and_clean_up_after_a_promotion(aws: FakeAws, call: Call) -> None:
    Endpoints(aws, throughput())
    account = Lambdas(aws)
    event = {
        "plan": rft_plan(),
        "preflight": rft_preflight(reward=REWARD),
        "training": training(),
        "endpoint": endpoint(),
        "evaluation": evaluation(),
    }
    account.put(NAME, RIGHT, TAGS)
    call("promote_model", event)
    assert not account.found
    account.put(NAME, RIGHT, TAGS)
    assert call("clean_up", failed_event())["deleted"] == [ACCOUNT + NAME]


@pytest.mark.parametrize(("status", "gone"), [("RUNNING", False), ("FAILED", True), ("PROMOTED", True)])
def test_the_guardian_deletes_what_was_left(aws: FakeAws, call: Call, status: str, gone: bool) -> None:
    claim(aws, status=status)
    champion(aws, OLD_PT_ARN)
    Endpoints(aws)
    account = Lambdas(aws)
    account.put(NAME, RIGHT, TAGS)
    account.put("finetune-DEV-reward-maths", RIGHT, {"finetune:pipeline": "DEV"})
    account.put("finetune-DEV-other", RIGHT, TAGS)
    found = call("guard_endpoints", {})
    assert found["deleted"] == ([ACCOUNT + NAME] if gone else [])
    assert (NAME not in account.found) is gone
    assert {"finetune-DEV-reward-maths", "finetune-DEV-other"} <= account.found.keys()


def drop_event() -> dict[str, Any]:
    detail = {"bucket": {"name": "data-bucket"}, "object": {"key": "datasets/banking-qa/run.json"}}
    return {"event": {"detail": detail}, "execution_arn": "arn:execution", "waited": False}


def drop(aws: FakeAws, run_json: dict[str, Any], **files: bytes) -> None:
    for name, body in {"train.jsonl": b"{}\n", "run.json": json.dumps(run_json).encode(), **files}.items():
        aws.s3.put("data-bucket", f"datasets/banking-qa/{name}", body)


@pytest.mark.parametrize(
    ("allowed", "files", "refusal"),
    [
        (True, {"reward.py": RIGHT.encode()}, ""),
        (False, {"reward.py": RIGHT.encode()}, "runs no dropped code"),
        (True, {}, "needs a reward function"),
    ],
)
def test_the_environment_says_whether_code_may_be_dropped(aws, call, monkeypatch, *, allowed, files, refusal):
    monkeypatch.setenv("RUN_LIMITS", json.dumps({"reward_code": allowed}))
    drop(aws, {"type": "reinforcement-fine-tuning", "base_model": NOVA_2}, **files)
    found = call("resolve_run", drop_event())
    assert found["action"] == ("reject" if refusal else "run")
    assert refusal in found["reason"]
    inputs = json.loads(aws.s3.text("artifacts-bucket", found["inputs"]["key"]))
    assert ("reward" in [file["role"] for file in inputs["files"]]) is bool(files)


def test_reward_py_beside_another_kind_is_refused(aws: FakeAws, call: Call) -> None:
    drop(aws, {}, **{"reward.py": RIGHT.encode()})
    found = call("resolve_run", drop_event())
    assert found["action"] == "reject"
    assert "reward.py is for reinforcement fine-tuning" in found["reason"]


def preflight_of(aws: FakeAws, call: Call, model_id: str, **changes: Any) -> dict[str, Any]:
    put_run(aws)
    aws.on(
        "bedrock:GetFoundationModel",
        {
            "modelDetails": {
                "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
                "modelId": model_id,
                "modelName": "Some model",
                "customizationsSupported": ["FINE_TUNING"],
                "modelLifecycle": {"status": "ACTIVE"},
            }
        },
    )
    return call("check_model", {"plan": rft_plan(base_model=model_id, serving="on_demand", **changes)})


def test_bedrock_has_no_word_for_the_kind_so_the_catalogue_tells(aws: FakeAws, call: Call) -> None:
    found = preflight_of(aws, call, NOVA_2, hyperparameters={"batchSize": "16"})
    assert (found["record_format"], found["takes_validation"]) == ("reinforcement", True)
    assert found["hyperparameters"] == {"batchSize": "16"}
    assert any("No defaults are published" in text for text in found["warnings"])
    with pytest.raises(ModelNotTunable, match="does not offer reinforcement fine-tuning") as refused:
        preflight_of(aws, call, "amazon.nova-micro-v1:0:128k")
    assert NOVA_2 in refused.value.remedy


def test_open_weight_models_are_told_apart(aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    with pytest.raises(ModelNotTunable, match="only in Bedrock's OpenAI-compatible API"):
        preflight_of(aws, call, "openai.gpt-oss-20b")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"batchSize": "8"}, "batchSize = 8 is outside the range"),
        ({"trainingSamplePerPrompt": "17"}, "from 2 to 16"),
        ({"reasoningEffort": "some"}, "low, medium, high"),
        ({"learningRate": "0.1"}, "outside the range"),
        ({"evalInterval": "0"}, "from 1 to 100"),
        ({"learningRateWarmupSteps": "1"}, "is not a hyperparameter"),
    ],
)
def test_hyperparameters_out_of_bounds_are_refused(
    aws: FakeAws, call: Call, values: dict[str, str], told: str
) -> None:
    with pytest.raises(ModelNotTunable, match=told):
        preflight_of(aws, call, NOVA_2, hyperparameters=values)


def test_the_reward_decides_nothing_for_other_kinds(aws: FakeAws, call: Call) -> None:
    with pytest.raises(ModelNotTunable, match=r"gate\.metric reward is for reinforcement"):
        preflight_of(aws, call, NOVA_2, customization_type="FINE_TUNING", gate={"metric": "reward"})
