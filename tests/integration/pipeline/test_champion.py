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
    return pipeline.drop(files, name=dataset)


def _ended(pipeline, dataset: str, count: int) -> dict:
    """Wait until `count` runs of the dataset are closed and give the newest."""

    def closed():
        items = [item for item in pipeline.runs(dataset) if item["status"] != "RUNNING"]
        return sorted(items, key=lambda item: item["started_at"]) if len(items) == count else None

    return pipeline.await_(closed, f"{count} closed runs of {dataset}")[-1]


def _pointer(pipeline, dataset: str) -> str:
    name = f"/finetune/local/{dataset}/model-id"
    return pipeline.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_the_second_drop_is_better_the_third_is_worse(pipeline):
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


def _golden() -> dict[str, str]:
    sentence, command = LEARNT[0]
    return {"prompt": sentence, "system": data.SYSTEM, "contains": json.loads(command)["where"]}


def test_a_golden_prompt_that_fails_ends_serving(pipeline):
    prompt = {"prompt": "Hello", "equals": "An answer that nobody gives"}
    dataset = _drop(pipeline, None, LEARNT[::6], golden_prompts=[prompt])
    run = _ended(pipeline, dataset, 1)
    assert (run["outcome"], "golden_prompts[0]" in run["message"]) == ("ServingFailed", True)
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")
