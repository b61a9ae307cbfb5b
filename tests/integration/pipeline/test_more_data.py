"""A corpus that grows: each model is trained further from the one before, and its whole line is known."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

TITAN = "amazon.titan-text-express-v1:0:8k"
MICRO = "amazon.nova-micro-v1:0:128k"
PLACES = ("harbour", "market", "station")


def _texts(place: str) -> bytes:
    lines = [
        {"input": f"The {thing} at the {place} is looked after on day {number}. " * 8}
        for number, thing in enumerate((*data.THINGS, *data.ROOMS) * 4)
    ]
    return data.lines(lines)


def _finished(pipeline, dataset: str, count: int) -> list[dict]:
    """Wait until the dataset has `count` runs, all closed, and give them from the oldest to the newest."""

    def closed():
        items = sorted(pipeline.runs(dataset), key=lambda item: item["started_at"])
        done = [item for item in items if item["status"] != "RUNNING"]
        return items if len(items) == len(done) == count else None

    return pipeline.await_(closed, f"{count} closed runs of {dataset}")


def _artifact(pipeline, run: dict, name: str) -> dict:
    return json.loads(
        pipeline.report(f"s3://{pipeline.names['artifacts-bucket']}/runs/{run['run_id']}/{name}")
    )


def _check_line(pipeline, runs: list[dict], corpus: str, names: list[str]) -> None:
    """The newest of `runs` descends from all before it and has seen the files `names`, only now the last."""
    run, before = runs[-1], runs[:-1]
    line, card = json.loads(run["preflight"])["lineage"], _artifact(pipeline, run, "model-card.json")
    keys = [f"corpora/{corpus}/{name}" for name in names]
    assert (line["generation"], line["trained_files"], line["seen_files"]) == (len(runs), 1, len(runs))
    assert [each["run_id"] for each in card["ancestors"]] == [each["run_id"] for each in before]
    assert [each["key"] for each in card["data"]["seen"]] == keys
    assert [each["key"] for each in card["data"]["trained"]] == keys[-1:]
    assert all(each["version_id"] for each in card["data"]["seen"])
    model = pipeline.client("bedrock").get_custom_model(modelIdentifier=card["model_arn"])
    if before:
        parent = json.loads(before[-1]["training"])["model_arn"]
        assert line["parent_run"] == before[-1]["run_id"]
        assert line["parent_model"] == parent == model["baseModelArn"]
        assert f"goes on from the champion of run {before[-1]['run_id']}" in pipeline.report(run["report"])
    else:
        assert line["parent_model"] is None
        assert "a fresh start with all files" in line["reason"]


def test_three_drops_on_a_corpus_are_three_generations_of_one_model(pipeline):
    settings = data.run_file(base_model=TITAN, serving="none", minimum_new_bytes=1000)
    files = [f"{place}.jsonl" for place in PLACES]
    corpus = pipeline.drop({files[0]: _texts(PLACES[0]), "run.json": settings}, collection="corpora")
    for number, name in enumerate(files, start=1):
        if number > 1:
            pipeline.drop({name: _texts(PLACES[number - 1])}, collection="corpora", name=corpus)
        runs = _finished(pipeline, corpus, number)
        assert [run["outcome"] for run in runs] == ["Promoted"] * number, runs[-1]["message"]
        _check_line(pipeline, runs, corpus, files[:number])


def test_a_small_addition_waits_and_a_schedule_takes_it(pipeline):
    settings = data.run_file(base_model=TITAN, serving="none", minimum_new_bytes=1000)
    corpus = pipeline.drop({"first.jsonl": _texts("mill"), "run.json": settings}, collection="corpora")
    _finished(pipeline, corpus, 1)
    little = data.lines([{"input": "The lamp at the mill was mended. " * 8}] * 2)
    pipeline.drop({"little.jsonl": little}, collection="corpora", name=corpus)

    def collecting():
        ended = [each for each in pipeline.executions(corpus) if each["status"] == "SUCCEEDED"]
        found = [json.loads(each["output"]) for each in ended]
        return next((each for each in found if each["outcome"] == "Collecting"), None)

    assert "a run starts at 1,000" in pipeline.await_(collecting, "execution that collects")["message"]
    assert len(pipeline.runs(corpus)) == 1
    # What the deployed schedule of a corpus sends (stacks/components/corpus_schedules.py).
    scheduled = {
        "source": "finetune.schedule",
        "detail": {
            "bucket": {"name": pipeline.names["data-bucket"]},
            "object": {"key": f"corpora/{corpus}/scheduled"},
        },
    }
    pipeline.client("stepfunctions").start_execution(
        stateMachineArn=pipeline.names["state-machine"], input=json.dumps(scheduled)
    )
    runs = _finished(pipeline, corpus, 2)
    assert json.loads(runs[1]["preflight"])["lineage"]["parent_run"] == runs[0]["run_id"]


def test_a_dataset_goes_on_from_its_champion_when_run_json_says_so(pipeline):
    records = data.single_turn().splitlines(keepends=True)
    first = {
        "train.jsonl": b"".join(records[::2]),
        "run.json": data.run_file(base_model=MICRO, serving="none"),
    }
    dataset = pipeline.drop(first)
    (before,) = _finished(pipeline, dataset, 1)
    assert before["outcome"] == "Promoted", before["message"]
    pipeline.drop(
        {"train.jsonl": b"".join(records[1::2]), "run.json": data.run_file(base="champion", serving="none")},
        name=dataset,
    )
    after = _finished(pipeline, dataset, 2)[1]
    line = json.loads(after["preflight"])["lineage"]
    assert (line["starts_from"], line["parent_run"]) == ("champion", before["run_id"])
    model = json.loads(after["training"])["model_arn"]
    parent = pipeline.client("bedrock").get_custom_model(modelIdentifier=model)["baseModelArn"]
    assert parent == json.loads(before["training"])["model_arn"]
