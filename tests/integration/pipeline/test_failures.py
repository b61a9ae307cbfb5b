"""Runs that fail: each ends under its name, is recorded and told about, and leaves no cost behind."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"


@pytest.fixture(autouse=True)
def _no_orders_left(pipeline):
    yield
    pipeline.admin(command="clear_faults")


def _drop(pipeline, train: bytes | None = None, **settings) -> str:
    settings = {"base_model": MICRO} | settings
    files = {"train.jsonl": train or data.single_turn(), "run.json": data.run_file(**settings)}
    return pipeline.drop(files)


def _failed(pipeline, dataset: str, error: str, *, status: str = "FAILED") -> dict:
    """Check all that is promised after a failure and give the run."""
    run = pipeline.run(dataset)
    assert run["outcome"] == error, run["message"]
    assert run["status"] in {"FAILED", "REJECTED", "HELD"}
    execution = pipeline.ended(run["execution_arn"])
    assert execution["status"] == status
    if status == "FAILED":
        assert execution["error"] == error
    assert pipeline.notice(dataset)
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")
    return run


def test_an_invalid_dataset_is_refused_with_line_numbers_and_left_alone(pipeline):
    records = data.single_turn().splitlines(keepends=True)
    records[4] = b'{"messages": [}\n'
    records[9] = data.lines([data.converse("only a question")])
    broken = b"".join(records)
    dataset = _drop(pipeline, broken)
    _failed(pipeline, dataset, "DatasetInvalid")
    message = pipeline.notice(dataset)["Message"]
    assert "line 5" in message and "line 10" in message
    body = pipeline.client("s3").get_object(
        Bucket=pipeline.names["data-bucket"], Key=f"datasets/{dataset}/train.jsonl"
    )["Body"]
    assert body.read() == broken


def test_a_model_that_cannot_be_tuned_is_refused_before_anything_is_spent(pipeline):
    dataset = _drop(pipeline, base_model="meta.llama3-1-8b-instruct-v1:0:128k")
    _failed(pipeline, dataset, "ModelNotTunable")


def test_continued_pre_training_where_no_model_offers_it_says_so(pipeline):
    dataset = _drop(pipeline, data.pretraining(), type="continued-pre-training")
    run = _failed(pipeline, dataset, "ModelNotTunable")
    assert "continued pre-training" in run["message"].lower()


def test_a_wrong_run_file_is_rejected_with_the_nearest_name(pipeline):
    dataset = _drop(pipeline, base_modell=MICRO)
    assert "base_model" in pipeline.notice(dataset)["Message"]


def test_no_model_units_stop_the_run_before_training(pipeline):
    pipeline.admin(command="set_quota", code="L-BE77399C", value=0)
    try:
        dataset = _drop(pipeline, serving="provisioned_throughput")
        _failed(pipeline, dataset, "QuotaTooLow")
    finally:
        pipeline.admin(command="set_quota", code="L-BE77399C", value=20)


@pytest.mark.parametrize("stage", ["validation", "data_processing", "training"])
def test_a_failed_job_keeps_the_services_message(pipeline, stage):
    message = f"The service found something odd during {stage}."
    pipeline.admin(command="fail_job", stage=stage, message=message)
    run = _failed(pipeline, _drop(pipeline), "TrainingFailed")
    assert message in run["message"]


def test_a_job_that_never_begins_to_train_is_stopped_as_stalled(pipeline):
    pipeline.admin(command="stall_job", stage="data_processing")
    run = _failed(pipeline, _drop(pipeline), "TrainingStalled")
    assert "validation Completed, data processing NotStarted, training NotStarted" in run["message"]
    job = pipeline.client("bedrock").get_model_customization_job(jobIdentifier=run["job_name"])
    assert job["status"] == "Stopped"


def test_a_stopped_job_ends_the_run(pipeline):
    pipeline.admin(command="stall_job", stage="training", begun=True)
    dataset = _drop(pipeline)
    bedrock = pipeline.client("bedrock")

    def job():
        items = pipeline.runs(dataset)
        jobs = bedrock.list_model_customization_jobs(statusEquals="InProgress")
        names = [each["jobName"] for each in jobs["modelCustomizationJobSummaries"]]
        return items[0]["job_name"] if items and items[0]["job_name"] in names else None

    bedrock.stop_model_customization_job(jobIdentifier=pipeline.await_(job, "running job"))
    _failed(pipeline, dataset, "TrainingFailed")


@pytest.mark.parametrize(
    ("serving", "step"), [("provisioned_throughput", "provisioned"), ("on_demand", "deployment")]
)
def test_an_endpoint_that_fails_is_taken_down(pipeline, serving, step):
    pipeline.admin(command="fail_endpoint", step=step)
    _failed(pipeline, _drop(pipeline, serving=serving), "ServingFailed")


def _stop_in(pipeline, dataset: str, phase: str) -> None:
    """Stop the execution of a dataset's run once something billable exists in the phase."""

    def reached():
        items = pipeline.runs(dataset)
        ready = items and items[0]["phase"] == phase and pipeline.billable(dataset)
        return items[0] if ready and (phase == "train" or items[0].get("endpoint_arn")) else None

    run = pipeline.await_(reached, f"run in phase {phase}")
    pipeline.client("stepfunctions").stop_execution(executionArn=run["execution_arn"])


def test_an_execution_aborted_while_it_trains_is_cleaned_up_from_outside(pipeline):
    pipeline.admin(command="stall_job", stage="training", begun=True)
    dataset = _drop(pipeline)
    _stop_in(pipeline, dataset, "train")
    assert _failed(pipeline, dataset, "RunAborted", status="ABORTED")["finished_at"]


def test_an_execution_aborted_while_its_endpoint_is_created_is_cleaned_up_from_outside(pipeline):
    creation = 20_000
    before = pipeline.admin(command="timings")["provisioned"]
    pipeline.admin(command="set_timings", provisioned=creation)
    try:
        dataset = _drop(pipeline, serving="provisioned_throughput")
        _stop_in(pipeline, dataset, "serve")
        # The service deletes no endpoint that it still creates: it becomes ready while close_run waits.
        pipeline.admin(command="advance", seconds=creation)
        _failed(pipeline, dataset, "RunAborted", status="ABORTED")
    finally:
        pipeline.admin(command="set_timings", provisioned=before)


def test_a_file_of_several_ranges_is_counted_once_and_a_ceiling_stops_the_run(pipeline):
    records = data.lines([data.converse(f"{n} " + "long " * 400, "yes") for n in range(1500)])
    run = _failed(pipeline, _drop(pipeline, records, budget_usd=0.5), "OverBudget")
    counts = json.loads(run["validation"])["counts"]
    assert sum(counts.values()) == len(records.splitlines())
