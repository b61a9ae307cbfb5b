"""What the state machine sends to AWS, evaluated with real JSONata and held against botocore's model."""

import json
import re
from collections import defaultdict

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonata import Jsonata

from finetune_core.catalogue import find_model
from finetune_core.rewards import job_hyperparameters
from stacks.workflow import Resources, Timing, definition

ARN = "arn:aws:lambda:us-east-1:111122223333:function:any"
MODEL = "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-micro-v1:0:128k/abcdefabcdef"
ROLE = "arn:aws:iam::111122223333:role/bedrock"
EVALUATION_ROLE = "arn:aws:iam::111122223333:role/evaluation"
JUDGE_JOB = {
    "contestant": "candidate",
    "name": "banking-qa-0123456789ab-candidate",
    "token": "banking-qa-0123456789ab-candidate",
    "source": "candidate",
    "dataset": "s3://artifacts/runs/banking-qa-0123456789ab/judge/datasets/candidate.jsonl",
    "output": "s3://artifacts/runs/banking-qa-0123456789ab/judge/output/candidate/",
    "records": 25,
}
KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
ENDPOINT = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefabcdef"

PLAN = {
    "action": "run",
    "run_id": "banking-qa-0123456789ab",
    "dataset": "banking-qa",
    "token": "banking-qa-0123456789ab",
    "prefix": "runs/banking-qa-0123456789ab",
    "names": {
        "job": "banking-qa-job",
        "model": "banking-qa-model",
        "endpoint": "banking-qa-endpoint",
        "commitment": "banking-c-qa",
    },
    "settings": {
        "model_units": 1,
        "time_to_live_hours": 24,
        "approval": "always",
        "commitment": "OneMonth",
    },
}
VARIABLES = {
    "plan": PLAN,
    "event": {"detail": {"object": {"key": "datasets/banking-qa/run.json"}}},
    "waited": False,
    "failure": {"phase": "train", "error": {"Error": "States.TaskFailed", "Cause": "x"}},
    "cleaned": None,
    "preflight": {
        "base_model_arn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k",
        "invoke_id": "us.amazon.nova-micro-v1:0",
        "customization_type": "FINE_TUNING",
        "hyperparameters": {"epochCount": "2"},
        "serving": "provisioned_throughput",
        "rollout": {"way": "blue_green", "endpoint": ENDPOINT, "model_arn": MODEL},
    },
    "validation": {
        "train_uri": "s3://data/prepared/banking-qa-0123456789ab/train.jsonl",
        "validation_uri": "s3://data/prepared/banking-qa-0123456789ab/validation.jsonl",
        "evaluation": {"shards": [{"from": 0, "to": 25}]},
    },
    "price": {"high": 12.5},
    "approval": {"decision": "approved", "by": "ops", "at": "2026-11-24T00:00:00Z"},
    "commitment_approval": {"decision": "approved", "by": "ops", "at": "2026-11-25T00:00:00Z"},
    "training": {"model_arn": MODEL},
    "endpoint": {"kind": "provisioned_throughput", "arn": ENDPOINT, "status": "Creating", "failure": ""},
    "evaluation": {"verdict": "PROMOTE", "reasons": ["better"]},
    "promotion": {},
    "sharding": {"items": {"bucket": "artifacts", "key": "k"}},
    "order": {"items": {"bucket": "artifacts", "key": "k"}},
    "answers": [],
    "champion": None,
    "judgement": {
        "model": "amazon.nova-pro-v1:0",
        "metrics": ["Builtin.Correctness"],
        "jobs": [JUDGE_JOB],
        "judged": [0],
        "left_out": 0,
    },
    "judged": [],
    "judge_job": JUDGE_JOB,
    "judge_arn": "arn:aws:bedrock:us-east-1:111122223333:evaluation-job/abcdefabcdef",
    "turn": {"state": "waiting", "superseded_by": "banking-qa-ba9876543210"},
    "turns": 0,
    "smoke_test": {},
    "stages": "validation NotStarted, data processing NotStarted, training NotStarted",
    "unchanged": 3,
    "job_status": "InProgress",
    "expires": "2026-11-25T00:00:00.000Z",
    "polls": 0,
    "states": {
        "input": {"contestant": "base", "model_id": "m", "shard": {"from": 0, "to": 1}} | JUDGE_JOB,
        "context": {
            "Execution": {"Id": "arn:aws:states:us-east-1:111122223333:execution:m:e"},
            "Task": {"Token": "token"},
        },
        "result": {},
    },
}


def _machine() -> dict:
    resources = Resources(
        environment="dev",
        functions=defaultdict(lambda: ARN),
        ledger_table="ledger",
        bedrock_role_arn=ROLE,
        evaluation_role_arn=EVALUATION_ROLE,
        model_key_arn=KEY,
        artifacts_bucket="artifacts",
    )
    return definition(resources=resources, timing=Timing())


def _evaluate(code: str, variables: dict):
    query = Jsonata(code)
    for name, value in variables.items():
        query.assign(name, value)
    return query.evaluate({})


def _render(value, variables: dict):
    if isinstance(value, str):
        found = re.fullmatch(r"\{%(.*)%\}", value.strip(), re.S)
        return _evaluate(found.group(1), variables) if found else value
    if isinstance(value, dict):
        return {name: _render(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [_render(item, variables) for item in value]
    return value


def _tasks():
    machine = _machine()
    states = dict(machine["States"])
    for branch in states["Train and watch"]["Branches"]:
        states |= branch["States"]
    for state in list(states.values()):
        states |= state.get("ItemProcessor", {}).get("States", {})
    return {name: state for name, state in states.items() if state["Type"] == "Task"}


TASKS = _tasks()


def _camel(value, shape):
    """Turn the PascalCase members of an SDK integration into the members of botocore's model."""
    if shape.type_name == "structure":
        members = {name.lower(): name for name in shape.members}
        return {
            members.get(name.lower(), name): _camel(item, shape.members[members[name.lower()]])
            if name.lower() in members
            else item
            for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_camel(item, shape.member) for item in value]
    return value


def _shape(service: str, operation: str):
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def _operation(resource: str):
    """Give (service, operation) of an integration's ARN."""
    parts = resource.removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":")
    return parts[0], parts[1].split(".")[0]


@pytest.mark.parametrize("name", TASKS)
def test_every_request_fits_botocores_model(name):
    service, operation = _operation(TASKS[name]["Resource"])
    rendered = _render(TASKS[name]["Arguments"], VARIABLES)
    if (service, operation) == ("lambda", "invoke"):
        rendered = rendered | {"Payload": json.dumps(rendered["Payload"])}
    model = botocore.session.get_session().get_service_model(service)
    operation = operation[0].upper() + operation[1:]
    shape = model.operation_model(operation).input_shape
    request = _camel(rendered, shape)
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()
    assert set(request) <= set(shape.members)


def test_members_of_the_sdk_integrations_are_pascal_case():
    for name, state in TASKS.items():
        if "bedrock" in state["Resource"]:
            rendered = _render(state["Arguments"], VARIABLES)
            assert all(member[0].isupper() for member in rendered), name


def test_training_waits_for_the_job_itself():
    assert TASKS["Train model"]["Resource"].endswith("createModelCustomizationJob.sync")


def test_without_a_validation_file_the_member_is_absent():
    variables = VARIABLES | {"validation": VARIABLES["validation"] | {"validation_uri": None}}
    rendered = _render(TASKS["Train model"]["Arguments"], variables)
    assert "ValidationDataConfig" not in rendered
    assert rendered["OutputDataConfig"]["S3Uri"] == "s3://artifacts/runs/banking-qa-0123456789ab/training"


def test_a_reinforcement_names_its_grader_and_types_its_hyperparameters():
    arn = "arn:aws:lambda:us-east-1:111122223333:function:finetune-dev-reward-banking-qa-0123456789ab"
    told = {"EpochCount": 2, "LearningRate": 1e-4, "ReasoningEffort": "low"}
    preflight = VARIABLES["preflight"] | {
        "customization_type": "REINFORCEMENT_FINE_TUNING",
        "reward": {"function_arn": arn, "hyperparameters": told},
    }
    rendered = _render(TASKS["Train model"]["Arguments"], VARIABLES | {"preflight": preflight})
    assert "HyperParameters" not in rendered
    shape = _shape("bedrock", "CreateModelCustomizationJob")
    request = _camel(rendered, shape)
    assert request["customizationConfig"] == {
        "rftConfig": {
            "graderConfig": {"lambdaGrader": {"lambdaArn": arn}},
            "hyperParameters": {"epochCount": 2, "learningRate": 1e-4, "reasoningEffort": "low"},
        }
    }
    assert not ParamValidator().validate(request, shape).has_errors()


def test_every_hyperparameter_of_a_reinforcement_is_one_of_the_job():
    nova = find_model("amazon.nova-2-lite-v1:0")
    rules = nova.kinds["REINFORCEMENT_FINE_TUNING"].hyperparameters
    shape = (
        _shape("bedrock", "CreateModelCustomizationJob").members["customizationConfig"].members["rftConfig"]
    )
    members = shape.members["hyperParameters"].members
    assert {row.name for row in rules} == set(members)
    values = {row.name: row.choices[0] if row.choices else f"{row.minimum:g}" for row in rules}
    typed = _camel(job_hyperparameters(values), shape.members["hyperParameters"])
    assert not ParamValidator().validate(typed, shape.members["hyperParameters"]).has_errors()
    for row in rules:
        limits = members[row.name].metadata
        assert (row.minimum, row.maximum) == (limits.get("min", row.minimum), limits.get("max")), row.name


def test_only_a_reinforcement_gets_a_reward_function():
    choice = _machine()["States"]["Is a reward function wanted"]
    for kind, wanted in (("REINFORCEMENT_FINE_TUNING", True), ("FINE_TUNING", False)):
        preflight = VARIABLES["preflight"] | {"customization_type": kind}
        assert _render(choice["Choices"][0]["Condition"], {"preflight": preflight}) is wanted


def test_every_task_has_a_timeout_a_retry_and_a_catch():
    for name, state in TASKS.items():
        assert state["TimeoutSeconds"] > 0, name
        assert all(rule["JitterStrategy"] == "FULL" for rule in state["Retry"]), name
        if not state.get("End"):  # within a Map or Parallel, which catches for it
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def _followers(state: dict) -> list[str]:
    found = [state[key] for key in ("Next", "Default") if key in state]
    return found + [rule["Next"] for rule in [*state.get("Choices", []), *state.get("Catch", [])]]


def test_every_state_is_reached_and_every_path_ends():
    machine = _machine()
    seen, waiting = set(), [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _followers(machine["States"][name])
    assert seen == set(machine["States"])


def test_after_something_billable_every_failure_is_cleaned_up():
    states = _machine()["States"]
    billable = ("Deploy reward", "Record price", "Estimate price")
    billable += ("Train and watch", "Read training", "Record serving", "Create provisioned throughput")
    billable += (
        "Get provisioned throughput",
        "Deploy model",
        "Test endpoint",
        "Find champion",
        "Answer prompts",
        "Prepare judgement",
        "Judge answers",
    )
    billable += ("Judge models", "Record promotion", "Promote model")
    for name in billable:
        assert {rule["Next"] for rule in states[name]["Catch"]} == {"Clean up"}, name


def test_the_failure_path_never_ends_green():
    """But for a run that was promoted, of which only the answer was lost."""
    states = _machine()["States"]
    ways = states["Was the model promoted"]["Choices"]
    assert [(way["Condition"], way["Next"]) for way in ways] == [
        ("{% $cleaned.outcome = 'Promoted' %}", "Report promotion")
    ]
    states["Was the model promoted"] = {"Type": "Choice", "Default": "Report failure"}
    seen, waiting = set(), ["Clean up"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _followers(states[name])
    assert {states[name]["Type"] for name in seen if not _followers(states[name])} == {"Fail"}


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("champion", ["", ENDPOINT])
def test_every_shard_goes_to_all_contestants(shards, champion):
    evaluation = {"shards": [{"from": n, "to": n + 1} for n in range(shards)]}
    variables = VARIABLES | {
        "validation": VARIABLES["validation"] | {"evaluation": evaluation},
        "champion": {"run_id": "r", "model_id": champion, "note": ""},
    }
    items = _render(_machine()["States"]["Answer prompts"]["Items"], variables)
    contestants = ["base", *(["champion"] if champion else []), "candidate"]
    assert [item["contestant"] for item in items] == [name for name in contestants for _ in range(shards)]
    assert [item["shard"] for item in items] == evaluation["shards"] * len(contestants)
    assert {item["model_id"] for item in items if item["contestant"] == "champion"} <= {champion}


def _jobs_states() -> dict:
    return _machine()["States"]["Judge answers"]["ItemProcessor"]["States"]


@pytest.mark.parametrize(
    ("judge", "following"),
    [(None, "Judge models"), ({"model": "m"}, "Prepare judgement"), ((), "Judge models")],
)
def test_a_judge_is_asked_only_on_request(judge, following):
    gate = {} if judge == () else {"gate": {"judge": judge}}
    state = _machine()["States"]["Is a judge wanted"]
    asked = _render(state["Choices"][0]["Condition"], {"plan": {"settings": gate}})
    assert (state["Choices"][0]["Next"] if asked else state["Default"]) == following


@pytest.mark.parametrize("jobs", [[], [JUDGE_JOB], [JUDGE_JOB] * 3])
def test_every_contestants_answers_are_judged_in_a_job_of_their_own(jobs):
    states = _machine()["States"]
    items = _render(states["Judge answers"]["Items"], {"judgement": {"jobs": jobs}})
    assert items == jobs
    done = [{"contestant": "base"}] * len(jobs)
    assert _render(states["Judge answers"]["Assign"]["judged"], {"states": {"result": done}}) == done


def test_an_evaluation_job_is_the_runs_own_and_a_judges():
    request = _render(TASKS["Start judge"]["Arguments"], VARIABLES)
    (config,) = request["EvaluationConfig"]["Automated"]["DatasetMetricConfigs"]
    assert (config["TaskType"], config["MetricNames"]) == ("General", ["Builtin.Correctness"])
    assert re.fullmatch("[a-z0-9](-*[a-z0-9]){0,62}", request["JobName"])
    assert request["RoleArn"] == EVALUATION_ROLE
    assert {tag["Key"]: tag["Value"] for tag in request["JobTags"]}["finetune:run"] == PLAN["run_id"]
    source = request["InferenceConfig"]["Models"][0]["PrecomputedInferenceSource"]
    assert source == {"InferenceSourceIdentifier": "candidate"}
    assert request["OutputDataConfig"]["S3Uri"].startswith(
        "s3://artifacts/runs/banking-qa-0123456789ab/judge/"
    )


@pytest.mark.parametrize(
    ("status", "looks", "following"),
    [
        ("InProgress", 1, "Wait for judge"),
        ("InProgress", 24, "Stop judge"),
        ("Completed", 24, "Judge ends"),
        ("Failed", 1, "Judge ends"),
        ("Stopped", 1, "Judge ends"),
        ("Deleting", 1, "Judge ends"),
    ],
)
def test_a_judge_is_waited_for_and_stopped_when_it_is_late(status, looks, following):
    state = _jobs_states()["Does the judge go on"]
    variables = {"judge_status": status, "judge_looks": looks}
    taken = [rule for rule in state["Choices"] if _render(rule["Condition"], variables)]
    assert (taken[0]["Next"] if taken else state["Default"]) == following
    if following == "Stop judge":
        told = _render(taken[0]["Assign"]["judge_failure"], variables)
        assert told == "the evaluation job was still InProgress after 2 hours"


@pytest.mark.parametrize(
    ("messages", "told"),
    [({}, ""), ({"FailureMessages": ["a", "b"]}, "a; b"), ({"FailureMessages": ["a"]}, "a")],
)
def test_what_an_evaluation_job_says_is_kept(messages, told):
    assigned = _jobs_states()["Look at judge"]["Assign"]
    states = {"result": {"Status": "Failed"} | messages}
    assert _render(assigned, {"states": states}) == {"judge_status": "Failed", "judge_failure": told}


def test_a_judge_that_fails_ends_its_own_job_alone_with_words():
    states = _jobs_states()
    for name in ("Start judge", "Look at judge"):
        (rule,) = states[name]["Catch"]
        assert rule["ErrorEquals"] == ["States.ALL"]
        error = {"Error": "Bedrock.ThrottlingException", "Cause": "slow down"}
        variables = {"states": {"errorOutput": error, "input": JUDGE_JOB}}
        noted = _render(rule["Assign"], variables)
        assert noted["judge_failure"] == "Bedrock.ThrottlingException: slow down"
    assert states["Look at judge"]["Catch"][0]["Next"] == states["Does the judge go on"]["Choices"][1]["Next"]
    ended = {"judge_arn": "", "judge_status": "NotStarted", "judge_failure": "no", "judge_job": JUDGE_JOB}
    assert _render(states["Judge ends"]["Output"], ended) == {
        "contestant": "candidate",
        "arn": "",
        "status": "NotStarted",
        "failure": "no",
    }


def test_no_member_is_null_because_the_cdk_drops_it():
    assert ": null" not in json.dumps(_machine())


@pytest.mark.parametrize("name", ["Validate shards", "Prepare shards"])
def test_a_distributed_map_needs_nothing_but_its_input(name):
    """Its children cannot read the machine's variables, and all must succeed."""
    state = _machine()["States"][name]
    states = {"input": {"items": {"bucket": "artifacts", "key": "runs/x/shards/ranges.json"}}}
    assert _render(state["ItemReader"]["Arguments"], {"states": states}) == {
        "Bucket": "artifacts",
        "Key": "runs/x/shards/ranges.json",
    }
    assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert state["ToleratedFailurePercentage"] == 0
    assert state["Catch"][-1]["Next"] == "Clean up"
    (child,) = state["ItemProcessor"]["States"].values()
    item = {"range": {"number": 3}}
    assert _render(child["Arguments"]["Payload"], {"states": {"input": item}}) == item
    found = {"states": {"result": [{"number": 0}, {"number": 1}]}}
    assert _render(state["Output"], found) == {"shards": 2}


@pytest.mark.parametrize(("size", "following"), [(256 * 1024**2, None), (256 * 1024**2 + 1, "Plan shards")])
def test_large_datasets_are_validated_in_shards(size, following):
    choice = _machine()["States"]["Is the dataset large"]
    taken = [
        rule["Next"] for rule in choice["Choices"] if _render(rule["Condition"], {"plan": {"bytes": size}})
    ]
    assert taken == ([following] if following else [])
