"""One run per dataset, N jobs per account, and what becomes of a place whose holder is lost."""

import itertools
import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"


@pytest.fixture(autouse=True)
def _no_orders_left(pipeline):
    yield
    pipeline.admin(command="clear_faults")


def drop(pipeline, name=None, **settings) -> str:
    run_file = data.run_file(base_model=MICRO, serving="none", evaluation_records=0, **settings)
    return pipeline.drop({"train.jsonl": data.single_turn(), "run.json": run_file}, name=name)


def drop_again(pipeline, name: str) -> None:
    """Drop run.json alone: one event, one new run over the same training file."""
    pipeline.drop(
        {"run.json": data.run_file(base_model=MICRO, serving="none", evaluation_records=0)}, name=name
    )


def run_where(pipeline, dataset: str, what: str, wanted, but: tuple[str, ...] = ()) -> dict:
    def found():
        return next((run for run in pipeline.runs(dataset) if run["run_id"] not in but and wanted(run)), None)

    return pipeline.await_(found, f"run of {dataset} that {what}")


def turn(run: dict) -> dict:
    return json.loads(run.get("queue") or "{}")


def waits(run: dict) -> bool:
    return run["status"] == "RUNNING" and turn(run).get("state") == "waiting"


def trains(pipeline):
    def in_progress(run: dict) -> bool:
        jobs = pipeline.client("bedrock").list_model_customization_jobs(statusEquals="InProgress")
        return run.get("job_name") in {job["jobName"] for job in jobs["modelCustomizationJobSummaries"]}

    return in_progress


def at_work(pipeline, dataset: str) -> dict:
    """Drop data whose job stalls, and give the run once its job is in progress."""
    pipeline.admin(command="stall_job", stage="training", begun=True)
    drop(pipeline, name=dataset)
    return run_where(pipeline, dataset, "trains", trains(pipeline))


def stop(pipeline, run: dict) -> None:
    pipeline.client("stepfunctions").stop_execution(executionArn=run["execution_arn"])


def ended(pipeline, dataset: str, run_id: str) -> dict:
    def over(run: dict) -> bool:
        return run["run_id"] == run_id and run["status"] != "RUNNING"

    return run_where(pipeline, dataset, f"is {run_id} and ended", over)


def queue_item(pipeline, key: str) -> dict:
    answer = pipeline.client("dynamodb").get_item(
        TableName=pipeline.names["ledger-table"], Key={"pk": {"S": key}, "sk": {"S": "queue"}}
    )
    return answer["Item"]


def test_a_second_drop_waits_a_third_supersedes_it_and_a_lost_holder_frees_the_dataset(pipeline):
    first = at_work(pipeline, name := "queue-supersede")
    drop_again(pipeline, name)
    second = run_where(pipeline, name, "waits", waits, but=(first["run_id"],))
    assert turn(second)["waits_for"] == [first["run_id"]]
    drop_again(pipeline, name)
    known = (first["run_id"], second["run_id"])
    third = run_where(pipeline, name, "waits", waits, but=known)
    over = ended(pipeline, name, second["run_id"])
    assert (over["status"], over["outcome"]) == ("FAILED", "Superseded"), over["message"]
    assert third["run_id"] in over["message"]
    stop(pipeline, first)
    last = ended(pipeline, name, third["run_id"])
    assert last["outcome"] in {"Promoted", "Held"}, last["message"]
    assert ended(pipeline, name, first["run_id"])["outcome"] == "RunAborted"
    assert queue_item(pipeline, f"queue#datasets/{name}")["holders"] == {"M": {}}
    assert pipeline.await_(lambda: not billed(pipeline, name), "account without jobs")


def billed(pipeline, dataset: str) -> list[str]:
    return [arn for arn in pipeline.billable(dataset) if ":custom-model/" not in arn]


def test_drops_that_race_for_one_dataset_are_one_after_the_other(pipeline):
    """Two drops of two files: their events may pin a mixture as well, so there are two runs or three."""
    name = "queue-race"
    drop(pipeline, name=name)
    drop(pipeline, name=name)
    pipeline.finished(name, count=4)
    runs = sorted(pipeline.runs(name), key=lambda run: run["started_at"])
    trained = [run for run in runs if run["outcome"] != "Superseded"]
    assert {run["outcome"] for run in trained} <= {"Promoted", "Held"}, [run["message"] for run in runs]
    spans = sorted((began(run, "train"), run["finished_at"]) for run in trained)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans)), spans


def began(run: dict, phase: str) -> str:
    return next(step["at"] for step in run["phases"] if step["phase"] == phase)


def test_jobs_beyond_the_accounts_number_wait_at_a_visible_place(pipeline):
    """Ten places: ten others hold them in the ledger, as runs of their own would."""
    table, executions = pipeline.names["ledger-table"], pipeline.executions
    holder = at_work(pipeline, "queue-holder")
    item = queue_item(pipeline, "queue#jobs")
    mine = item["holders"]["M"][holder["run_id"]]["M"]
    crowd = {f"crowd-{number}": {"M": mine} for number in range(9)}
    item["holders"]["M"] |= crowd
    pipeline.client("dynamodb").put_item(TableName=table, Item=item)
    name = drop(pipeline)
    waiting = run_where(pipeline, name, "waits for a job", lambda r: waits(r) and turn(r)["queue"] == "jobs")
    assert (turn(waiting)["place"], turn(waiting)["of"]) == (1, 1)
    assert len(turn(waiting)["waits_for"]) == 10
    stop(pipeline, holder)  # all ten are of this execution: lost together
    over = ended(pipeline, name, waiting["run_id"])
    assert over["outcome"] in {"Promoted", "Held"}, over["message"]
    assert executions(name)[0]["status"] in {"SUCCEEDED", "FAILED"}


def test_a_full_quota_is_waited_out(pipeline):
    for error in ("ServiceQuotaExceededException", "ThrottlingException"):
        pipeline.admin(command="fault", operation="CreateModelCustomizationJob", error=error, count=2)
    run = pipeline.run(drop(pipeline))
    assert run["outcome"] in {"Promoted", "Held"}, run["message"]


def test_a_quota_that_stays_full_ends_the_run_with_its_code_and_the_page_to_raise_it(pipeline):
    pipeline.admin(
        command="fault",
        operation="CreateModelCustomizationJob",
        error="ServiceQuotaExceededException",
        message="You have reached the limit of custom models in your account.",
        count=100,
    )
    run = pipeline.run(drop(pipeline))
    assert run["outcome"] == "QuotaTooLow", run["message"]
    assert "L-CB5B847D" in run["message"]
    assert "servicequotas/home/services/bedrock/quotas/L-CB5B847D" in run["message"]


def test_a_place_is_free_again_after_the_end(pipeline):
    run = pipeline.run(drop(pipeline))
    assert run["outcome"] in {"Promoted", "Held"}, run["message"]
    assert run["run_id"] not in queue_item(pipeline, "queue#jobs")["holders"]["M"]
