"""Evaluation jobs of our Bedrock with a judge and answers brought along, as boto3 sees them."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from finetune_core.gate import JudgeMetric
from finetune_core.judges import IDENTIFIER
from finetune_local.bedrock.judge_measures import MEASURES, NOT_MEASURED, Exchange, score
from tests.unit.local_bedrock.support import ACCOUNT, ROLE, World, refused

PRO = "amazon.nova-pro-v1:0"
UNKNOWN_JOB = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:evaluation-job/aaaaaaaaaaaa"


class JudgedWorld(World):
    """A world whose role may ask a judge; `asked` holds what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.denied = False

    def client(self, service_name: str) -> Any:
        return self if service_name == "bedrock-runtime" else super().client(service_name)

    def converse(self, **request: Any) -> dict[str, Any]:
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Converse")
        self.asked.append(request)
        return {"output": {"message": {"role": "assistant", "content": [{"text": "it is"}]}}}


@pytest.fixture
def world() -> Iterator[JudgedWorld]:
    with JudgedWorld() as made:
        yield made


def line(prompt: str = "capital of France", response: str = "Paris", **changes: Any) -> dict[str, Any]:
    answered = [{"response": response, "modelIdentifier": "candidate"}]
    return {"prompt": prompt, "referenceResponse": "Paris", "modelResponses": answered} | changes


def request(world: World, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    dataset = {"s3Uri": world.put_records("artifacts/judge/candidate.jsonl", lines or (line(),))}
    config = {
        "taskType": changes.pop("task", "General"),
        "dataset": {"name": "candidate", "datasetLocation": dataset},
        "metricNames": changes.pop("metrics", ["Builtin.Correctness", "Builtin.Completeness"]),
    }
    judge = {"bedrockEvaluatorModels": [{"modelIdentifier": changes.pop("judge", PRO)}]}
    source = {"precomputedInferenceSource": {"inferenceSourceIdentifier": "candidate"}}
    return {
        "jobName": "run-1-candidate",
        "roleArn": ROLE,
        "applicationType": "ModelEvaluation",
        "evaluationConfig": {"automated": {"datasetMetricConfigs": [config], "evaluatorModelConfig": judge}},
        "inferenceConfig": {"models": [source]},
        "outputDataConfig": {"s3Uri": "s3://artifacts/out/"},
        **changes,
    }


def create(world: World, *lines: dict[str, Any], **changes: Any) -> str:
    return str(world.bedrock().create_evaluation_job(**request(world, *lines, **changes))["jobArn"])


def ended(world: World, arn: str) -> dict[str, Any]:
    """Wait for the job's own thread, and give the job."""
    state = world.service._states[ACCOUNT, "us-east-1"]
    state.evaluations[arn].thread.join(30)
    found: dict[str, Any] = world.bedrock().get_evaluation_job(jobIdentifier=arn)
    return found


def output(world: World) -> list[dict[str, Any]]:
    ((_, body),) = [each for each in world.store.objects.items() if each[0].endswith("_output.jsonl")]
    return [json.loads(each) for each in body.splitlines()]


def test_a_job_scores_every_answer_by_its_words(world: JudgedWorld) -> None:
    lines = [line(), line(response="London"), line(response="Paris it is", category="geography")]
    arn = create(world, *lines, jobTags=[{"key": "finetune:run", "value": "r1"}])
    found = ended(world, arn)
    assert (found["status"], found["jobType"]) == ("Completed", "Automated")
    assert found["evaluationConfig"] == request(world, *lines)["evaluationConfig"]
    told = output(world)
    assert [each["inputRecord"] for each in told] == lines
    results = [[s["result"] for s in each["automatedEvaluationResult"]["scores"]] for each in told]
    assert results == [[1.0, 1.0], [0.0, 0.0], [0.5, 1.0]]
    assert told[0]["automatedEvaluationResult"]["scores"][0]["evaluatorDetails"] == [
        {"modelIdentifier": PRO, "explanation": "it is"}
    ]
    assert {each["modelId"] for each in world.asked} == {PRO}
    assert len(world.asked) == 3
    paths = [path for path in world.store.objects if "/out/" in path]
    folder = r"artifacts/out/run-1-candidate/run-1-candidate"
    assert any(path == f"{folder}/amazon-bedrock-evaluations-permission-check" for path in paths)
    tail = r"[0-9a-f-]{36}/models/candidate/taskTypes/General/datasets/candidate/[0-9a-f-]{36}_output\.jsonl"
    assert any(re.fullmatch(f"{folder}/{tail}", path) for path in paths)
    tags = world.bedrock().list_tags_for_resource(resourceARN=arn)["tags"]
    assert tags == [{"key": "finetune:run", "value": "r1"}]
    assert (ROLE, arn) in world.roles


def test_the_same_token_makes_one_job(world: JudgedWorld) -> None:
    first = create(world, clientRequestToken="t-1")
    assert create(world, clientRequestToken="t-1") == first
    with refused("ConflictException", "clientRequestToken"):
        create(world, clientRequestToken="t-1", jobName="another")
    with refused("ValidationException", "in use"):
        create(world)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task": "Generation"}, "must be General"),
        ({"judge": "amazon.nova-ultra-v9:0"}, "not supported"),
        ({"judge": "amazon.titan-embed-image-v1"}, "not supported"),
        ({"judge": "amazon.nova-2-lite-v1:0"}, "inference profile"),
        ({"metrics": ["Builtin.Accuracy"]}, "no built-in metric"),
        ({"metrics": ["Builtin.Harmfulness"]}, "cannot measure"),
        ({"metrics": ["Builtin.Coherence"] * 2}, "twice"),
        ({"jobName": "Run_1"}, "regular expression"),
        ({"applicationType": "RagEvaluation"}, "RagEvaluation"),
        ({"inferenceConfig": {"models": [{"bedrockModel": {"modelIdentifier": PRO}}]}}, "brought along"),
    ],
    ids=str,
)
def test_a_request_that_does_not_do_is_refused(world: JudgedWorld, changes: Any, told: str) -> None:
    sent = request(world, **changes)
    with refused("ValidationException", told):
        world.bedrock().create_evaluation_job(**sent)
    assert not world.bedrock().list_evaluation_jobs().get("jobSummaries")


def test_a_custom_model_is_neither_judge_nor_judged(world: JudgedWorld) -> None:
    """Why answers are brought along: the API's own pattern."""
    custom = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:custom-model-deployment/abcdefabcdef"
    with refused("ValidationException", "regular expression"):
        create(world, inferenceConfig={"models": [{"bedrockModel": {"modelIdentifier": custom}}]})
    with refused("ValidationException", "regular expression"):
        create(world, judge=custom)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prompt": "x" * 4097}, "4096 bytes"),
        ({"prompt": " "}, "blank"),
        ({"prompt": 3}, "prompt must be a string"),
        ({"record": 1}, "no keys but"),
        ({"modelResponses": []}, "one response"),
        ({"modelResponses": [{"response": "a"}]}, "must have the keys"),
        ({"modelResponses": [{"response": "", "modelIdentifier": "candidate"}]}, "not blank"),
        ({"modelResponses": [{"response": "a", "modelIdentifier": "base"}]}, "inferenceSourceIdentifier"),
    ],
    ids=str,
)
def test_a_dataset_that_does_not_do_fails_the_job(world: JudgedWorld, changes: Any, told: str) -> None:
    found = ended(world, create(world, line(), line(**changes)))
    assert found["status"] == "Failed"
    assert told in found["failureMessages"][0]
    assert "line 2" in found["failureMessages"][0]
    assert not world.asked


def test_a_dataset_has_at_most_a_thousand_prompts(world: JudgedWorld) -> None:
    found = ended(world, create(world, *[line()] * 1001))
    assert "1 to 1000 prompts, not 1001" in found["failureMessages"][0]


def test_the_roles_rights_are_those_of_the_job(world: JudgedWorld) -> None:
    world.store.denied = {("get", "artifacts/judge/")}
    with refused("ValidationException", "GetObject"):
        create(world)
    world.store.denied = {("put", "artifacts/out/")}
    with refused("ValidationException", "PutObject"):
        create(world)
    world.store.denied, world.role_error = set(), PermissionError("trust")
    with refused("ValidationException", "could not assume"):
        create(world)
    world.role_error, world.denied = None, True
    found = ended(world, create(world))
    assert found["status"] == "Failed"
    assert "evaluator model" in found["failureMessages"][0]


def test_a_job_that_stalls_can_be_stopped_and_writes_nothing(world: JudgedWorld) -> None:
    world.admin(command="stall_job", stage="evaluation", job="run-1")
    arn = create(world)
    assert world.bedrock().get_evaluation_job(jobIdentifier=arn)["status"] == "InProgress"
    world.bedrock().stop_evaluation_job(jobIdentifier=arn)
    assert ended(world, arn)["status"] == "Stopped"
    assert not [path for path in world.store.objects if path.endswith("_output.jsonl")]
    with refused("ConflictException", "cannot be stopped"):
        world.bedrock().stop_evaluation_job(jobIdentifier=arn)


def test_an_ordered_failure_shows_its_message(world: JudgedWorld) -> None:
    world.admin(command="fail_job", stage="evaluation", message="the judge is gone")
    found = ended(world, create(world))
    assert (found["status"], found["failureMessages"]) == ("Failed", ["the judge is gone"])


def test_an_unknown_job_is_not_found(world: JudgedWorld) -> None:
    for call in (world.bedrock().get_evaluation_job, world.bedrock().stop_evaluation_job):
        with refused("ResourceNotFoundException", UNKNOWN_JOB):
            call(jobIdentifier=UNKNOWN_JOB)
    with refused("ValidationException", "regular expression"):
        world.bedrock().get_evaluation_job(jobIdentifier="run-1-candidate")


def test_jobs_are_listed_by_five_and_found_by_name_and_status(world: JudgedWorld) -> None:
    arns = [create(world, jobName=f"run-{number}-candidate") for number in range(7)]
    for arn in arns:
        ended(world, arn)
    pages = list(world.bedrock().get_paginator("list_evaluation_jobs").paginate())
    assert [len(page["jobSummaries"]) for page in pages] == [5, 2]
    (found,) = world.bedrock().list_evaluation_jobs(nameContains="run-3")["jobSummaries"]
    assert (found["jobArn"], found["evaluatorModelIdentifiers"]) == (arns[3], [PRO])
    assert "jobSummaries" not in world.bedrock().list_evaluation_jobs(statusEquals="InProgress")
    assert "jobSummaries" not in world.bedrock().list_evaluation_jobs(applicationTypeEquals="RagEvaluation")


def test_more_jobs_than_the_quota_are_refused(world: JudgedWorld) -> None:
    world.admin(command="set_quota", code="concurrent-evaluation-jobs", value=1)
    world.admin(command="stall_job", stage="evaluation")
    arn = create(world)
    with refused("ServiceQuotaExceededException", "limit of 1"):
        create(world, jobName="another")
    world.bedrock().stop_evaluation_job(jobIdentifier=arn)


def test_the_callers_permissions_name_the_judges_model_the_job_and_the_role(world: JudgedWorld) -> None:
    body = json.dumps(request(world, jobTags=[{"key": "finetune:run", "value": "r1"}])).encode()
    needed = world.service.permissions(
        "bedrock", "POST", "/evaluation-jobs", {}, body, {}, account=ACCOUNT, region="us-east-1"
    )
    assert [(each.action, each.resource.split(":")[-1]) for each in needed] == [
        ("bedrock:CreateEvaluationJob", "0"),
        ("bedrock:TagResource", "evaluation-job/000000000000"),
        ("iam:PassRole", "role/bedrock-service"),
    ]
    assert needed[0].resource.endswith(f"::foundation-model/{PRO}")
    assert needed[0].request_tags == {"finetune:run": "r1"}


def test_closing_the_service_ends_its_jobs() -> None:
    begun = time.monotonic()
    with JudgedWorld() as world:
        world.admin(command="stall_job", stage="evaluation")
        create(world)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("metric", sorted(MEASURES))
def test_scores_are_steps_and_favour_the_reference(metric: str) -> None:
    good = score(metric, Exchange("where is the lamp", "in the hall", "in the hall"))
    bad = score(metric, Exchange("where is the lamp", "in the hall", "§§§ ¶¶ zz zz zz zz zz zz zz zz zz zz"))
    assert good == 1.0
    assert bad < good
    assert bad * 4 == int(bad * 4)


def test_metrics_and_judges_are_those_of_settings_and_api() -> None:
    assert {f"Builtin.{name}" for name in JudgeMetric.__args__} == set(MEASURES) | NOT_MEASURED
    model = botocore.session.get_session().get_service_model("bedrock")
    assert model.shape_for("EvaluatorModelIdentifier").metadata["pattern"] == IDENTIFIER
