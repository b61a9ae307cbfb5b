"""A judge on request: its scores decide or stand beside, and no job of it goes on after its run."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
PRO = "amazon.nova-pro-v1:0"


def drop(pipeline, name: str | None = None, **judge) -> str:
    asked = {"model": PRO, "metrics": ["Correctness", "Completeness"]} | judge
    run = data.run_file(
        base_model=MICRO,
        serving="on_demand",
        evaluation_records=10,
        gate={"judge": asked, "slice_loss": None},
    )
    return pipeline.drop({"train.jsonl": data.single_turn(), "run.json": run}, name=name)


def evaluation_jobs(pipeline, run: dict) -> dict[str, dict]:
    """Give the run's evaluation jobs by contestant."""
    bedrock = pipeline.client("bedrock")
    pages = bedrock.get_paginator("list_evaluation_jobs").paginate(nameContains=run["run_id"])
    found = [job for page in pages for job in page.get("jobSummaries", [])]
    return {job["jobName"].removeprefix(run["run_id"] + "-"): job for job in found}


def test_a_judge_that_decides_promotes_what_it_finds_better(pipeline):
    dataset = drop(pipeline, decides=True)
    run = pipeline.run(dataset)
    assert run["outcome"] == "Promoted", run["message"]
    evaluation = json.loads(run["evaluation"])
    judge = evaluation["judge"]
    assert (evaluation["metric"], evaluation["metric_reason"]) == ("judge", "the settings ask for it")
    assert evaluation["candidate"]["judge"] == judge["scores"]["candidate"]["mean"]
    assert judge["scores"]["candidate"]["mean"] > judge["scores"]["base"]["mean"]
    assert set(judge["scores"]["candidate"]["metrics"]) == {"Correctness", "Completeness"}
    assert (judge["records"], judge["left_out"], judge["calls"]) == (10, 0, 40)
    jobs = evaluation_jobs(pipeline, run)
    assert {name: job["status"] for name, job in jobs.items()} == {
        "base": "Completed",
        "candidate": "Completed",
    }
    tags = pipeline.client("bedrock").list_tags_for_resource(resourceARN=jobs["base"]["jobArn"])["tags"]
    assert {"key": "finetune:dataset", "value": dataset} in tags
    assert "Judge" in {item["name"] for item in json.loads(run["price"])["items"]}
    page = pipeline.report(run["report"])
    assert all(part in page for part in ("<h3>Judge</h3>", PRO, "Completeness"))


def test_a_judge_that_fails_ends_the_run_it_should_decide_and_leaves_nothing(pipeline):
    dataset = "judgefails"
    pipeline.admin(
        command="fail_job",
        stage="evaluation",
        job=dataset,
        message="Could not invoke the evaluator model: internal error",
    )
    run = pipeline.run(drop(pipeline, dataset, decides=True))
    assert run["outcome"] == "EvaluationFailed", run["message"]
    assert "Could not invoke the evaluator model" in run["message"]
    assert "What to do" in run["message"]
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")


def test_an_aborted_run_stops_its_judge(pipeline):
    dataset = "judgestalls"
    pipeline.admin(command="stall_job", stage="evaluation", job=dataset)
    pipeline.admin(command="stall_job", stage="evaluation", job=dataset)
    drop(pipeline, dataset)

    def judged():
        found = pipeline.runs(dataset)
        jobs = evaluation_jobs(pipeline, found[0]) if found else {}
        return found[0] if len(jobs) == 2 else None

    run = pipeline.await_(judged, f"a judge of {dataset}")
    pipeline.client("stepfunctions").stop_execution(executionArn=run["execution_arn"])
    ended = pipeline.run(dataset)
    assert ended["outcome"] == "RunAborted", ended["message"]
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")
    assert {job["status"] for job in evaluation_jobs(pipeline, run).values()} == {"Stopped"}
    assert "evaluation-job/" in ended["message"]
