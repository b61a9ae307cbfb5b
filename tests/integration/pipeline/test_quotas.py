"""Full quotas: waited out, and in the end the run says which one it is and where to raise it."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
IN_PROGRESS = "L-430C95DD"
PAGE = "servicequotas/home/services/bedrock/quotas"


def drop(pipeline, serving: str) -> str:
    chosen = {"base_model": MICRO, "serving": serving, "evaluation_records": 0}
    return pipeline.drop({"train.jsonl": data.single_turn(), "run.json": data.run_file(**chosen)})


def full(pipeline, dataset: str, operation: str, count: int, message: str) -> None:
    order = {"operation": operation, "error": "ServiceQuotaExceededException", "name": dataset}
    pipeline.admin(command="fault", about=dataset, count=count, message=message, **order)


def met(pipeline, dataset: str) -> int:
    return pipeline.admin(command="struck")["struck"].get(dataset, 0)


def test_deployments_in_progress_are_waited_for(pipeline):
    pipeline.admin(command="set_quota", code=IN_PROGRESS, value=0)
    try:
        dataset = drop(pipeline, "on_demand")

        def refused():
            runs = [run for run in pipeline.runs(dataset) if run["phase"] == "serve"]
            arn = runs[0]["execution_arn"] if runs else ""
            states = pipeline.client("stepfunctions")
            events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"] if arn else []
            return [each for each in events if "QuotaTooLow" in json.dumps(each, default=str)]

        pipeline.await_(refused, "a refused deployment")
        assert [run["status"] for run in pipeline.runs(dataset)] == ["RUNNING"]
    finally:
        pipeline.admin(command="set_quota", code=IN_PROGRESS, value=10)
    run = pipeline.run(dataset)
    assert run["outcome"] == "Promoted", run["message"]


@pytest.mark.parametrize(
    ("serving", "operation", "message", "code"),
    [
        (
            "provisioned_throughput",
            "CreateProvisionedModelThroughput",
            "no model units reserved",
            "L-BE77399C",
        ),
        ("on_demand", "CreateCustomModelDeployment", "2 custom model deployments in progress", IN_PROGRESS),
    ],
)
def test_a_quota_that_stays_full_ends_the_run_with_its_code_and_link(
    pipeline, serving, operation, message, code
):
    dataset = drop(pipeline, serving)
    full(pipeline, dataset, operation, 1000, message)
    run = pipeline.run(dataset)
    assert run["outcome"] == "QuotaTooLow", run["message"]
    assert f"{PAGE}/{code}" in run["message"]
    assert met(pipeline, dataset) > 12
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")


def test_throttling_and_a_quota_that_is_freed_only_cost_time(pipeline):
    dataset = drop(pipeline, "provisioned_throughput")
    full(pipeline, dataset, "CreateProvisionedModelThroughput", 3, "no model units reserved")
    order = {"operation": "CreateModelCustomizationJob", "error": "ThrottlingException", "name": "slow"}
    pipeline.admin(command="fault", about=dataset, count=3, **order)
    run = pipeline.run(dataset)
    assert run["outcome"] == "Promoted", run["message"]
    assert met(pipeline, dataset) == 3
