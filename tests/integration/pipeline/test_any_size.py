"""A dataset above the environment's threshold goes through the Distributed Map of the deployed machine."""

import json
import random

import pytest

from config.environments import LOCAL
from finetune_core.sharding import LEAST_PART
from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

TITAN = "amazon.titan-text-express-v1:0:8k"
RECORDS = 850
SETTINGS = data.run_file(
    base_model=TITAN, type="continued-pre-training", serving="none", budget_usd=0.01, evaluation_records=20
)


def _large() -> list[bytes]:
    rng = random.Random(1)  # noqa: S311 - test data, no record near another one
    texts = [" ".join(str(rng.random()) for _ in range(1_100)) for _ in range(RECORDS)]
    return [b'{"input": "%s"}\n' % text.encode() for text in texts]


def _map_runs(pipeline, dataset: str) -> list[dict]:
    states = pipeline.client("stepfunctions")
    runs = [
        run
        for execution in pipeline.executions(dataset)
        for run in states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    ]
    return [states.describe_map_run(mapRunArn=run["mapRunArn"]) for run in runs]


def test_a_large_dataset_is_validated_and_prepared_in_shards(pipeline):
    lines = _large()
    body = b"".join(lines)
    assert len(body) > LOCAL.large_dataset_bytes
    shards = -(-len(body) // LOCAL.shard_bytes)
    dataset = pipeline.drop({"train.jsonl": body, "run.json": SETTINGS})
    run = pipeline.run(dataset)
    assert run["outcome"] == "OverBudget", run
    assert sorted(each["itemCounts"]["succeeded"] for each in _map_runs(pipeline, dataset)) == [shards] * 2
    validation = json.loads(run["validation"])
    assert validation["counts"] == {"train": 745, "validation": 85, "evaluation": 20}
    assert json.loads(pipeline.report(validation["report_json"]))["valid"]
    train = pipeline.report(validation["train_uri"]).encode().splitlines(keepends=True)
    held_out = pipeline.report(validation["validation_uri"]).encode().splitlines(keepends=True)
    assert (len(train), len(held_out)) == (745, 85)
    assert len(body) // shards > LEAST_PART  # so that parts of an upload came from several functions
    assert set(train) | set(held_out) < set(lines)


def test_faults_are_told_by_their_line_in_the_whole_file(pipeline):
    lines = _large()
    lines[700] = b'{"input": 7}\n'
    dataset = pipeline.drop({"train.jsonl": b"".join([*lines, lines[3]]), "run.json": SETTINGS})
    run = pipeline.run(dataset)
    assert run["outcome"] == "DatasetInvalid", run
    assert "train.jsonl line 701" in pipeline.notice(dataset)["Message"]
    (key,) = [
        item["Key"]
        for item in pipeline.client("s3").list_objects_v2(
            Bucket=pipeline.names["artifacts-bucket"], Prefix=f"runs/{run['run_id']}/validation.json"
        )["Contents"]
    ]
    report = json.loads(pipeline.report(f"s3://{pipeline.names['artifacts-bucket']}/{key}"))
    found = {(fault["code"], fault["line"]) for fault in report["faults"]}
    assert {("wrong_type", 701), ("duplicate_record", RECORDS + 1)} <= found
