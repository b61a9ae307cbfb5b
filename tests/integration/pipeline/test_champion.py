"""The champion's whole life: beaten, kept, brought back; and what is billed after each."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
EVALUATION = data.commands()[::6]
LEARNT = [pair for pair in data.commands() if pair not in EVALUATION]


def _records(pairs: list[tuple[str, str]]) -> bytes:
    return data.lines([data.converse(*pair) for pair in pairs])


def _evaluation() -> bytes:
    """The same held-out records for every drop, each in a slice of its own deed."""
    records = [
        data.converse(sentence, command) | {"category": json.loads(command)["do"]}
        for sentence, command in EVALUATION
    ]
    return data.lines(records)


def _wrong() -> list[tuple[str, str]]:
    """The same sentences with commands that belong to others."""
    commands = [command for _, command in LEARNT]
    return [(pair[0], commands[(number * 37 + 11) % len(LEARNT)]) for number, pair in enumerate(LEARNT)]


def _drop(pipeline, dataset: str | None, pairs, **settings) -> str:
    settings = {"base_model": MICRO, "serving": "on_demand", "watch": {"hours": 720}} | settings
    files = {
        "train.jsonl": _records(pairs),
        "evaluation.jsonl": _evaluation(),
        "run.json": data.run_file(**settings),
    }
    # Uploads of one drop must lie within the settle time: a run that starts between them is another run.
    speed = pipeline.admin(command="status")["speed"]
    pipeline.admin(command="speed", speed=1)
    try:
        return pipeline.drop(files, name=dataset)
    finally:
        pipeline.admin(command="speed", speed=speed)


def _ended(pipeline, dataset: str, count: int) -> dict:
    """Wait until `count` runs of the dataset are closed and give the newest."""

    def closed():
        items = [item for item in pipeline.runs(dataset) if item["status"] != "RUNNING"]
        return sorted(items, key=lambda item: item["started_at"]) if len(items) == count else None

    return pipeline.await_(closed, f"{count} closed runs of {dataset}")[-1]


def _pointer(pipeline, dataset: str) -> str:
    name = f"/finetune/local/{dataset}/model-id"
    return pipeline.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_the_second_drop_is_better_the_third_is_worse_and_both_ways_back_work(pipeline, finetune):
    dataset = _drop(pipeline, None, LEARNT[::6])
    first = _ended(pipeline, dataset, 1)
    assert first["outcome"] == "Promoted", first["message"]
    assert _pointer(pipeline, dataset) == first["endpoint_arn"]

    _drop(pipeline, dataset, LEARNT, golden_prompts=[_golden()])
    second = _ended(pipeline, dataset, 2)
    assert second["outcome"] == "Promoted", second["message"]
    judged = json.loads(second["evaluation"])
    assert (judged["opponent"], judged["champion_run"]) == ("champion", first["run_id"])
    assert judged["metric"] == "field_accuracy"
    assert judged["candidate"]["field_accuracy"] > judged["champion"]["field_accuracy"]
    assert {part["name"] for part in judged["slices"]} >= {"on", "off", "status"}
    assert _pointer(pipeline, dataset) == second["endpoint_arn"] != first["endpoint_arn"]
    assert first["endpoint_arn"] in pipeline.billable(dataset)  # ready for a rollback while it is watched

    _drop(pipeline, dataset, _wrong())
    third = _ended(pipeline, dataset, 3)
    assert third["outcome"] in {"Rejected", "Held"}, third["message"]
    assert "champion" in third["message"]
    assert _pointer(pipeline, dataset) == second["endpoint_arn"]
    assert third["endpoint_arn"] not in pipeline.billable(dataset)

    assert finetune("rollback", dataset, "--yes", "--by", "ops", "--reason", "story") == 0
    assert _pointer(pipeline, dataset) == first["endpoint_arn"]
    left = pipeline.billable(dataset)
    assert first["endpoint_arn"] in left
    assert second["endpoint_arn"] not in left
    assert second["model_arn"] in left  # a rollback forgets nothing
    history = pipeline.client("ssm").get_parameter_history(Name=f"/finetune/local/{dataset}/model-id")
    assert "story" in history["Parameters"][-1]["Description"]

    _drop(pipeline, dataset, LEARNT, watch={"hours": 720, "minimum_calls": 4})
    fourth = _ended(pipeline, dataset, 4)
    assert fourth["outcome"] == "Promoted", fourth["message"]
    _fail_calls(pipeline, fourth["endpoint_arn"], 6)
    assert dataset in _watch(pipeline)["rolled_back"]
    assert _pointer(pipeline, dataset) == first["endpoint_arn"]
    pipeline.await_(lambda: fourth["endpoint_arn"] not in pipeline.billable(dataset), "end of its endpoint")
    assert pipeline.notice(dataset, "rolled back")

    assert finetune("retire", dataset, "--yes") == 0
    assert set(pipeline.billable(dataset)) == {first["endpoint_arn"], first["model_arn"]}
    assert finetune("retire", dataset, "--champion", "--yes") == 0
    assert not pipeline.billable(dataset)


def _watch(pipeline) -> dict:
    """Wake the watch as its schedule does every five minutes, and give its answer."""
    functions = pipeline.client("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    (name,) = (
        each["FunctionName"]
        for page in pages
        for each in page["Functions"]
        if each["Handler"].startswith("watch_champions.")
    )
    return json.loads(functions.invoke(FunctionName=name, Payload=b"{}")["Payload"].read())


def _fail_calls(pipeline, endpoint: str, count: int) -> None:
    """Ask an endpoint whose service answers 500 each time."""
    runtime = pipeline.client("bedrock-runtime")
    pipeline.admin(command="fault", operation="Converse", error="InternalServerException", count=count * 3)
    for _ in range(count):
        with pytest.raises(runtime.exceptions.InternalServerException):
            runtime.converse(modelId=endpoint, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
    pipeline.admin(command="clear_faults")


def _golden() -> dict[str, str]:
    sentence, command = LEARNT[0]
    return {"prompt": sentence, "system": data.SYSTEM, "contains": json.loads(command)["where"]}


def test_a_golden_prompt_that_fails_ends_serving(pipeline):
    prompt = {"prompt": "Hello", "equals": "An answer that nobody gives"}
    dataset = _drop(pipeline, None, LEARNT[::6], golden_prompts=[prompt])
    run = _ended(pipeline, dataset, 1)
    assert (run["outcome"], "golden_prompts[0]" in run["message"]) == ("ServingFailed", True)
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")
