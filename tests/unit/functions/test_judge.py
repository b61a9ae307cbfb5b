"""A judge's part in the functions: datasets out, scores in, jobs stopped."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from finetune_core.errors import EvaluationFailed
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    OLD_PT_ARN,
    RUN_ID,
    endpoint,
    plan,
    prompts,
    training,
    validation,
)

Call = Callable[..., dict[str, Any]]
PRO = "amazon.nova-pro-v1:0"
BUCKET = "artifacts-bucket"
JOB = "arn:aws:bedrock:us-east-1:111122223333:evaluation-job/abcdefabcde"


def asking(decides: bool = True, **judge: Any) -> dict[str, Any]:
    """A plan whose settings ask for a judge."""
    found = plan()
    found["settings"] = found["settings"] | {
        "gate": {
            "slice_loss": None,
            "judge": {"model": PRO, "metrics": ["Correctness"], "decides": decides} | judge,
        }
    }
    return found


def put_answers(aws: FakeAws, contestant: str, texts: list[str | None]) -> dict[str, Any]:
    key = f"runs/{RUN_ID}/answers/{contestant}.jsonl"
    lines = [{"record": number, "answer": text} for number, text in enumerate(texts)]
    aws.s3.put(BUCKET, key, "".join(json.dumps(line) + "\n" for line in lines).encode())
    failed = sum(text is None for text in texts)
    return {"contestant": contestant, "key": key, "answered": len(texts) - failed, "failed": failed}


def prepared(aws: FakeAws, call: Call, *, of: dict[str, Any], **texts: list[str | None]) -> dict[str, Any]:
    """What is asked of a judge about the contestants' texts."""
    aws.s3.put(BUCKET, f"runs/{RUN_ID}/evaluation.jsonl", prompts())
    champion = {"run_id": "old-run", "model_id": OLD_PT_ARN} if "champion" in texts else None
    event = {
        "plan": of,
        "validation": validation(),
        "champion": champion,
        "answers": [put_answers(aws, name, found) for name, found in texts.items()],
    }
    event["judgement"] = call("prepare_judgement", event)
    return event


GOOD: list[str | None] = [f"answer {n}" for n in range(6)]
BAD: list[str | None] = ["no"] * 6


def test_every_contestant_has_a_dataset_and_a_job_of_its_own(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=BAD, champion=[None, *BAD[1:]], candidate=GOOD)
    found = event["judgement"]
    assert (found["model"], found["metrics"], found["left_out"]) == (PRO, ["Builtin.Correctness"], 0)
    assert [(job["contestant"], job["records"]) for job in found["jobs"]] == [
        ("base", 6),
        ("champion", 5),
        ("candidate", 6),
    ]
    last = found["jobs"][2]
    assert last["name"] == f"{RUN_ID}-candidate"
    assert len({job["token"] for job in found["jobs"]}) == 3
    lines = aws.s3.text(BUCKET, f"runs/{RUN_ID}/judge/datasets/candidate.jsonl").splitlines()
    assert json.loads(lines[0]) == {
        "prompt": "question 0",
        "referenceResponse": "answer 0",
        "modelResponses": [{"response": "answer 0", "modelIdentifier": "candidate"}],
    }


def test_who_gave_no_answer_has_no_job(aws: FakeAws, call: Call) -> None:
    nothing: list[str | None] = [None] * 6
    found = prepared(aws, call, of=asking(), base=BAD, candidate=nothing)["judgement"]
    assert [job["contestant"] for job in found["jobs"]] == ["base"]


def long_prompts(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune_core.judge_records.MOST_BYTES", 5)


def test_prompts_too_long_for_a_judge_that_decides_end_the_run(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_prompts(aws, monkeypatch)
    with pytest.raises(EvaluationFailed, match="can read none of 6 held-out prompts"):
        prepared(aws, call, of=asking(), base=BAD, candidate=GOOD)


def test_a_run_without_a_judge_is_not_prepared(aws: FakeAws, call: Call) -> None:
    with pytest.raises(EvaluationFailed, match="ask for no judge"):
        prepared(aws, call, of=plan(), base=BAD, candidate=GOOD)


def put_scores(aws: FakeAws, event: dict[str, Any], **by_contestant: float | None) -> None:
    """Write what evaluation jobs leave behind, below a folder that nobody can foresee."""
    for contestant, score in by_contestant.items():
        dataset = aws.s3.text(BUCKET, f"runs/{RUN_ID}/judge/datasets/{contestant}.jsonl")
        scores = [{"metricName": "Builtin.Correctness", "result": score}]
        lines = [
            {"automatedEvaluationResult": {"scores": scores}, "inputRecord": json.loads(line)}
            for line in dataset.splitlines()
        ]
        folder = f"runs/{RUN_ID}/judge/output/{contestant}/job/job/x/models/{contestant}"
        body = "".join(json.dumps(line) + "\n" for line in reversed(lines))
        aws.s3.put(BUCKET, f"{folder}/y_output.jsonl", body.encode())
        aws.s3.put(BUCKET, f"runs/{RUN_ID}/judge/output/{contestant}/permission-check", b"")


def ended(event: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return [
        {"contestant": job["contestant"], "arn": f"arn:{job['name']}", "status": "Completed", "failure": ""}
        | changes
        for job in event["judgement"]["jobs"]
    ]


def verdict(call: Call, event: dict[str, Any], judged: list[dict[str, Any]]) -> dict[str, Any]:
    return call("judge_models", event | {"training": training(), "endpoint": endpoint(), "judged": judged})


def test_the_judge_that_decides_outdoes_the_texts(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=GOOD, candidate=BAD)
    put_scores(aws, event, base=0.25, candidate=1.0)
    found = verdict(call, event, ended(event))
    assert (found["verdict"], found["metric"]) == ("PROMOTE", "judge")
    assert found["judge"]["scores"]["candidate"]["mean"] == 1.0
    assert (found["base"]["exact_match"], found["base"]["judge"]) == (1.0, 0.25)
    assert json.loads(aws.s3.text(BUCKET, f"runs/{RUN_ID}/evaluation.json")) == found


def test_the_judge_compares_with_the_champion_too(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=BAD, champion=GOOD, candidate=[*GOOD[:-1], "x"])
    put_scores(aws, event, base=0.0, champion=1.0, candidate=0.5)
    found = verdict(call, event, ended(event))
    assert (found["verdict"], found["opponent"]) == ("REJECT", "champion")
    assert set(found["judge"]["scores"]) == {"base", "champion", "candidate"}


def test_failed_answers_and_answers_without_a_score_count_nothing(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=GOOD, candidate=[None, *GOOD[1:]])
    put_scores(aws, event, base=0.5, candidate=1.0)
    found = verdict(call, event, ended(event))
    assert found["candidate"]["judge"] == pytest.approx(5 / 6)
    assert found["judge"]["scores"]["candidate"]["unscored"] == 1


def test_a_candidate_without_any_answer_is_rejected(aws: FakeAws, call: Call) -> None:
    nothing: list[str | None] = [None] * 6
    event = prepared(aws, call, of=asking(), base=GOOD, candidate=nothing)
    put_scores(aws, event, base=0.5)
    assert verdict(call, event, ended(event))["verdict"] == "REJECT"


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        ({"status": "Failed", "failure": "internal error"}, "job Failed"),
        ({"status": "InProgress", "failure": "still InProgress after 2 hours"}, "still InProgress"),
        ({"status": "Stopped"}, "the service gave no reason"),
        ({"status": "NotStarted", "failure": "Bedrock.ServiceQuotaExceededException: quota"}, "quota"),
    ],
    ids=str,
)
def test_a_job_that_did_not_complete_ends_the_run_or_is_told(
    aws: FakeAws, call: Call, judged: dict[str, str], told: str
) -> None:
    event = prepared(aws, call, of=asking(), base=BAD, candidate=GOOD)
    with pytest.raises(EvaluationFailed, match=told) as failure:
        verdict(call, event, ended(event, **judged))
    assert failure.value.remedy
    beside = prepared(aws, call, of=asking(decides=False), base=BAD, candidate=GOOD)
    found = verdict(call, beside, ended(beside, **judged))
    assert (found["verdict"], found["metric"]) == ("PROMOTE", "exact_match")
    assert any("gave no scores, and does not decide" in reason for reason in found["reasons"])
    assert told in found["judge"]["note"]


def test_an_end_that_was_not_told_of_is_no_completion(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=BAD, candidate=GOOD)
    put_scores(aws, event, base=0.0, candidate=1.0)
    with pytest.raises(EvaluationFailed, match="not started"):
        verdict(call, event, ended(event)[:1])


def test_a_completed_job_without_output_is_a_failure(aws: FakeAws, call: Call) -> None:
    event = prepared(aws, call, of=asking(), base=BAD, candidate=GOOD)
    put_scores(aws, event, base=0.0)
    with pytest.raises(EvaluationFailed, match="no score for any of 6 answers"):
        verdict(call, event, ended(event))


def test_without_anything_to_read_a_judge_beside_the_metric_is_told_of(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_prompts(aws, monkeypatch)
    event = prepared(aws, call, of=asking(decides=False), base=BAD, candidate=GOOD)
    assert event["judgement"]["jobs"] == []
    found = verdict(call, event, [])
    assert found["verdict"] == "PROMOTE"
    assert "no contestant gave an answer that a judge could read" in found["judge"]["note"]


def running(run: str = RUN_ID) -> dict[str, Any]:
    """The account's evaluation jobs: two of the run's, and one whose name only begins alike."""
    names = [f"{run}-base", f"{run}-candidate", f"{run}-candidate-2"]
    return {
        "jobSummaries": [{"jobName": name, "jobArn": f"{JOB}{number}"} for number, name in enumerate(names)]
    }


def cleaned(call: Call, of: dict[str, Any]) -> dict[str, Any]:
    failure = {"Error": "EvaluationFailed", "Cause": "the judge broke"}
    return call("clean_up", {"plan": of, "phase": "evaluate", "error": failure})


def test_cleaning_up_stops_the_runs_evaluation_jobs(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:ListEvaluationJobs", lambda nameContains, **_: _named(nameContains))  # noqa: N803
    aws.on("bedrock:StopEvaluationJob", [error("ConflictException", "it has ended", 400), {}])
    found = cleaned(call, asking())
    assert found["deleted"] == [f"{JOB}0", f"{JOB}1"]
    asked = aws.made("bedrock:ListEvaluationJobs")
    assert {each["statusEquals"] for each in asked} == {"InProgress"}


def _named(part: str) -> dict[str, Any]:
    return {"jobSummaries": [job for job in running()["jobSummaries"] if part in job["jobName"]]}


def test_a_run_without_a_judge_looks_for_none(aws: FakeAws, call: Call) -> None:
    cleaned(call, plan())
    assert not aws.made("bedrock:ListEvaluationJobs")
