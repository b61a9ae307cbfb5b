"""A candidate in the champion's own endpoint: promoted there, or swapped back, and never in a second one."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
PAIRS = data.commands()
EVALUATION = PAIRS[::6]
LEARNT = [pair for pair in PAIRS if pair not in EVALUATION]


def records(pairs: list[tuple[str, str]]) -> bytes:
    return data.lines([data.converse(*pair) for pair in pairs])


def drop(pipeline, dataset: str | None, pairs, **settings) -> str:
    """Drop a dataset as one: its run.json comes last and names the run's settings."""
    chosen = {"base_model": MICRO, "serving": "provisioned_throughput", "rollout": "in_place"} | settings
    files = {"train.jsonl": records(pairs), "evaluation.jsonl": records(EVALUATION)}
    speed = pipeline.admin(command="status")["speed"]
    pipeline.admin(command="speed", speed=1)
    try:
        return pipeline.drop(files | {"run.json": data.run_file(**chosen)}, name=dataset)
    finally:
        pipeline.admin(command="speed", speed=speed)


def ended(pipeline, dataset: str, count: int) -> dict:
    def closed():
        items = [item for item in pipeline.runs(dataset) if item["status"] != "RUNNING"]
        return sorted(items, key=lambda item: item["started_at"]) if len(items) == count else None

    return pipeline.await_(closed, f"{count} closed runs of {dataset}")[-1]


def first_champion(pipeline, **settings) -> tuple[str, dict]:
    dataset = drop(pipeline, None, LEARNT[::6], **settings)
    run = ended(pipeline, dataset, 1)
    assert run["outcome"] == "Promoted", run["message"]
    assert "no champion" in json.loads(run["preflight"])["rollout"]["reason"]
    return dataset, run


def endpoints(pipeline, dataset: str) -> list[str]:
    return [arn for arn in pipeline.billable(dataset) if ":custom-model/" not in arn]


def served(pipeline, arn: str) -> str:
    bedrock = pipeline.client("bedrock")
    if ":provisioned-model/" in arn:
        return bedrock.get_provisioned_model_throughput(provisionedModelId=arn)["modelArn"]
    return bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["modelArn"]


def tags(pipeline, arn: str) -> dict[str, str]:
    found = pipeline.client("bedrock").list_tags_for_resource(resourceARN=arn)["tags"]
    return {tag["key"]: tag["value"] for tag in found}


@pytest.mark.parametrize("serving", ["provisioned_throughput", "on_demand"])
def test_better_stays_in_the_champions_endpoint_worse_is_swapped_back(pipeline, finetune, serving):
    dataset, first = first_champion(pipeline, serving=serving)
    arn = first["endpoint_arn"]
    expires = tags(pipeline, arn)["finetune:expires"]

    drop(pipeline, dataset, LEARNT, serving=serving)
    second = ended(pipeline, dataset, 2)
    assert second["outcome"] == "Promoted", second["message"]
    judged = json.loads(second["evaluation"])
    assert (judged["opponent"], judged["champion_run"]) == ("champion", first["run_id"])
    assert (second["endpoint_arn"], endpoints(pipeline, dataset)) == (arn, [arn])
    assert served(pipeline, arn) == second["model_arn"]
    assert tags(pipeline, arn)["finetune:run"] == second["run_id"]
    assert tags(pipeline, arn)["finetune:expires"] > expires
    ways = {way["way"]: way for way in json.loads(second["price"])["ways"]}
    assert (ways["in_place"]["expected"] < ways["blue_green"]["expected"]) is (
        serving == "provisioned_throughput"
    )
    assert "users get the candidate" in pipeline.report(second["report"])

    wrong = [(sentence, LEARNT[n * 37 % len(LEARNT)][1]) for n, (sentence, _) in enumerate(LEARNT)]
    drop(pipeline, dataset, wrong, serving=serving)
    third = ended(pipeline, dataset, 3)
    assert third["outcome"] in {"Rejected", "Held"}, third["message"]
    assert f"serves {second['model_arn']} again" in third["message"]
    assert (endpoints(pipeline, dataset), served(pipeline, arn)) == ([arn], second["model_arn"])

    assert finetune("rollback", dataset, "--yes", "--by", "ops") == 0
    assert (endpoints(pipeline, dataset), served(pipeline, arn)) == ([arn], first["model_arn"])
    assert tags(pipeline, arn)["finetune:run"] == first["run_id"]
    item = next(each for each in pipeline.ledger_items() if each["pk"] == f"champion#{dataset}")
    assert (item["run_id"], item["pointer"]) == (first["run_id"], arn)
    assert finetune("retire", dataset, "--champion", "--yes") == 0


def test_a_swap_that_fails_leaves_the_champion_in_its_endpoint(pipeline):
    dataset, first = first_champion(pipeline)
    name = first["run_id"]
    pipeline.admin(
        command="fail_endpoint", step="provisioned_update", name=f"local-{name}", message="no host"
    )
    drop(pipeline, dataset, LEARNT)
    second = ended(pipeline, dataset, 2)
    assert second["outcome"] == "ServingFailed", second["message"]
    assert "no host" in second["message"]
    assert served(pipeline, first["endpoint_arn"]) == first["model_arn"]
    assert sorted(pipeline.billable(dataset)) == sorted([first["endpoint_arn"], first["model_arn"]])


def test_throttled_and_lost_answers_of_the_swap_only_cost_time(pipeline):
    dataset, first = first_champion(pipeline)
    order = {"operation": "UpdateProvisionedModelThroughput", "about": dataset, "name": f"swap {dataset}"}
    pipeline.admin(command="fault", error="ThrottlingException", count=6, **order)
    pipeline.admin(command="fault", error="InternalServerException", count=1, after_effect=True, **order)
    drop(pipeline, dataset, LEARNT)
    second = ended(pipeline, dataset, 2)
    assert second["outcome"] == "Promoted", second["message"]
    assert pipeline.admin(command="struck")["struck"][f"swap {dataset}"] == 7
    assert served(pipeline, first["endpoint_arn"]) == second["model_arn"]


@pytest.fixture
def short_updates(pipeline):
    """Let updates end well within the time that one call of `close_run` waits."""
    before = pipeline.admin(command="timings")["provisioned_update"]
    pipeline.admin(command="set_timings", provisioned_update=120)
    yield
    pipeline.admin(command="set_timings", provisioned_update=before)


@pytest.mark.usefixtures("short_updates")
def test_an_execution_that_is_stopped_after_the_swap_began_gives_the_endpoint_back(pipeline):
    dataset, first = first_champion(pipeline)
    arn = first["endpoint_arn"]
    drop(pipeline, dataset, LEARNT)

    def swapping():
        (found,) = [run for run in pipeline.runs(dataset) if run["run_id"] != first["run_id"]] or [None]
        return found if found and found.get("endpoint_arn") == arn else None

    second = pipeline.await_(swapping, "a candidate on its way into the endpoint")
    pipeline.client("stepfunctions").stop_execution(executionArn=second["execution_arn"], cause="a test")
    closed = ended(pipeline, dataset, 2)
    assert closed["outcome"] == "RunAborted", closed["message"]
    assert served(pipeline, arn) == first["model_arn"]
    assert sorted(pipeline.billable(dataset)) == sorted([arn, first["model_arn"]]), closed["message"]


def test_where_it_cannot_be_done_the_candidate_gets_an_endpoint_of_its_own(pipeline):
    dataset, first = first_champion(pipeline)
    drop(pipeline, dataset, LEARNT, model_units=2, budget_usd=1000)
    second = ended(pipeline, dataset, 2)
    assert second["outcome"] == "Promoted", second["message"]
    assert second["endpoint_arn"] != first["endpoint_arn"]
    told = json.loads(second["preflight"])
    assert told["rollout"]["way"] == "blue_green"
    assert any("the settings ask for 2" in warning for warning in told["warnings"])
    beside = [item["name"] for item in json.loads(second["price"])["items"]]
    assert "Champion's endpoint beside it" in beside
