"""Promotion, clean up, reports and closing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_aws import cleaning
from finetune_core.errors import AccessDenied, Conflict
from finetune_core.watching import kept_ready
from tests.unit.functions.account import LONG_AGO, Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    CUSTOM_ARN,
    EXECUTION,
    JOB_ARN,
    OLD_PT_ARN,
    POINTER,
    PT_ARN,
    RUN_ID,
    TAGS,
    endpoint,
    evaluation,
    plan,
    preflight,
    price,
    settings,
    training,
    validation,
)

Call = Callable[..., dict[str, Any]]


def promotion_event(**changes: Any) -> dict[str, Any]:
    return {
        "plan": plan(),
        "preflight": preflight(),
        "training": training(),
        "endpoint": endpoint(),
        "evaluation": evaluation(),
    } | changes


def test_promotion_moves_the_pointer_and_retires_the_old_endpoint(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    account = Endpoints(aws, throughput(), throughput(OLD_PT_ARN, provisionedModelName="old"))
    found = call("promote_model", promotion_event(plan=plan(settings=settings(watch={"hours": 0}))))
    assert found == {
        "parameter": POINTER,
        "value": PT_ARN,
        "previous": OLD_PT_ARN,
        "retired": [OLD_PT_ARN],
        "watched_until": "",
    }
    assert aws.parameters[POINTER] == PT_ARN
    assert list(account.found) == [PT_ARN]
    item = aws.table.plain("champion#banking-qa", "champion")
    assert item["run_id"] == RUN_ID
    assert json.loads(item["previous"])["run_id"] == "old-run"


def test_while_a_new_champion_is_watched_the_one_before_stays_ready(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    account = Endpoints(aws, throughput(), throughput(OLD_PT_ARN, provisionedModelName="old"))
    found = call("promote_model", promotion_event())
    assert (found["retired"], set(account.found)) == ([], {PT_ARN, OLD_PT_ARN})
    item = aws.table.plain("champion#banking-qa", "champion")
    watched = json.loads(item["watch"])
    assert watched["until"] == found["watched_until"] > item["promoted_at"]
    assert kept_ready(item, datetime.fromisoformat(item["promoted_at"])) == OLD_PT_ARN
    assert kept_ready(item, datetime.fromisoformat(watched["until"])) == ""


def test_a_first_champion_has_nothing_to_go_back_to(aws: FakeAws, call: Call) -> None:
    Endpoints(aws, throughput())
    assert call("promote_model", promotion_event())["watched_until"] == ""


def test_a_held_model_is_kept_and_its_endpoint_is_not(aws: FakeAws, call: Call) -> None:
    account = Endpoints(aws, throughput())
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": LONG_AGO})
    found = clean(call, phase="evaluate", name="Held")
    assert (found["deleted"], found["kept"], account.found) == ([PT_ARN], [CUSTOM_ARN], {})


def test_promoting_twice_keeps_the_one_before(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    Endpoints(aws, throughput(), throughput(OLD_PT_ARN, provisionedModelName="old"))
    call("promote_model", promotion_event())
    again = call("promote_model", promotion_event())
    assert again["previous"] == OLD_PT_ARN
    assert json.loads(aws.table.plain("champion#banking-qa", "champion")["previous"])["run_id"] == "old-run"
    assert len(aws.made("ssm:PutParameter")) == 1


def test_a_model_without_endpoint_leaves_applications_alone(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    none = endpoint(kind="none", arn="", status="None")
    assert call("promote_model", promotion_event(endpoint=none))["value"] == ""
    assert aws.parameters[POINTER] == OLD_PT_ARN
    assert aws.table.plain("champion#banking-qa", "champion")["pointer"] == OLD_PT_ARN


def test_an_endpoint_that_is_not_ours_is_not_retired(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    account = Endpoints(aws, throughput(OLD_PT_ARN), tags={"finetune:pipeline": "PROD"})
    assert call("promote_model", promotion_event())["retired"] == []
    assert OLD_PT_ARN in account.found


def clean(call: Call, phase: str = "serve", name: str = "ServingFailed", **changes: Any) -> dict[str, Any]:
    failure = {"Error": name, "Cause": json.dumps({"errorMessage": "it broke", "errorType": name})}
    return call("clean_up", {"plan": plan(**changes), "phase": phase, "error": failure})


def test_what_was_committed_stays_with_its_model_and_people_are_told(aws: FakeAws, call: Call) -> None:
    until = datetime(2026, 12, 24, tzinfo=UTC)
    term = {"commitmentDuration": "OneMonth", "commitmentExpirationTime": until}
    account = Endpoints(aws, throughput(provisionedModelName="dev-c-run", **term))
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": LONG_AGO})
    names = plan()["names"] | {"commitment": "dev-c-run"}
    failure = {"Error": "ServingFailed", "Cause": "it did not answer"}
    found = call("clean_up", {"plan": plan(names=names), "phase": "commit", "error": failure})
    assert (found["deleted"], found["kept"]) == ([], [PT_ARN, CUSTOM_ARN])
    assert "under its commitment until 2026-12-24 and stays" in found["message"]
    assert PT_ARN in account.found


def test_clean_up_of_nothing_deletes_nothing(aws: FakeAws, call: Call) -> None:
    assert clean(call) == {"outcome": "ServingFailed", "message": "it broke", "deleted": [], "kept": []}


def test_clean_up_stops_the_job_and_deletes_the_endpoint(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "FIRST_PAUSE", 0.0)
    account = Endpoints(aws, throughput())
    job = {"jobArn": JOB_ARN, "creationTime": LONG_AGO}
    states = ("InProgress", "Stopping", "Stopped")
    aws.on("bedrock:GetModelCustomizationJob", [job | {"status": status} for status in states])
    aws.on("bedrock:StopModelCustomizationJob", {})
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": LONG_AGO})
    found = clean(call, phase="train", name="States.Timeout", settings=settings(keep_model=True))
    assert found["outcome"] == "TrainingStalled"
    assert found["deleted"] == [JOB_ARN, PT_ARN]
    assert aws.made("bedrock:StopModelCustomizationJob") == [{"jobIdentifier": JOB_ARN}]
    assert found["kept"] == [CUSTOM_ARN]
    assert not account.found


def test_what_a_lost_answer_deleted_is_denied_and_counts_as_deleted(aws: FakeAws, call: Call) -> None:
    account = Endpoints(aws, throughput())
    models = [{"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": LONG_AGO}]

    def delete_endpoint(**request: str) -> None:
        del account.found[request["provisionedModelId"]]
        raise error("AccessDeniedException", status=403)

    def delete_model(**_: str) -> None:
        models.clear()
        raise error("AccessDeniedException", status=403)

    def get_model(**_: str) -> dict[str, Any]:
        if not models:
            raise error("ResourceNotFoundException", status=404)
        return models[0]

    aws.on("bedrock:DeleteProvisionedModelThroughput", delete_endpoint)
    aws.on("bedrock:GetCustomModel", get_model)
    aws.on("bedrock:DeleteCustomModel", delete_model)
    assert clean(call)["deleted"] == [PT_ARN, CUSTOM_ARN]


def test_a_denied_deletion_of_what_is_still_there_is_an_error(aws: FakeAws, call: Call) -> None:
    Endpoints(aws, throughput())
    aws.on("bedrock:DeleteProvisionedModelThroughput", error("AccessDeniedException", status=403))
    with pytest.raises(AccessDenied):
        clean(call)


def test_clean_up_waits_for_an_endpoint_that_is_being_created(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "FIRST_PAUSE", 0.0)
    account = Endpoints(aws, throughput(status="Creating"))
    assert clean(call)["deleted"] == [PT_ARN]
    assert not account.found


def test_clean_up_gives_the_machine_a_retry_when_time_is_up(aws: FakeAws, call: Call) -> None:
    Endpoints(aws, throughput(status="Creating"))
    aws.on("bedrock:DeleteProvisionedModelThroughput", error("ConflictException"))
    event = {"plan": plan(), "phase": "serve", "error": {"Error": "ServingFailed", "Cause": ""}}
    with pytest.raises(Conflict, match="in the middle of a change"):
        call("clean_up", event, 60)


def test_clean_up_leaves_what_is_not_this_runs(aws: FakeAws, call: Call) -> None:
    account = Endpoints(aws, throughput(), tags=TAGS | {"finetune:run": "another"})
    assert clean(call)["kept"] == [PT_ARN]
    assert account.found


def test_clean_up_deletes_the_model_when_asked(aws: FakeAws, call: Call) -> None:
    Endpoints(aws, throughput())
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": LONG_AGO})
    aws.on("bedrock:DeleteCustomModel", {})
    found = clean(call, "evaluate", "Rejected", settings=settings(keep_model=False))
    assert (found["outcome"], found["deleted"]) == ("Rejected", [PT_ARN, CUSTOM_ARN])


def test_clean_up_undoes_half_a_promotion(aws: FakeAws, call: Call) -> None:
    champion(aws, OLD_PT_ARN)
    aws.parameters[POINTER] = PT_ARN
    Endpoints(aws, throughput())
    assert clean(call, "promote", "AccessDenied")["deleted"] == [PT_ARN]
    assert aws.parameters[POINTER] == OLD_PT_ARN


def test_clean_up_keeps_a_complete_promotion(aws: FakeAws, call: Call) -> None:
    champion(aws, PT_ARN, run_id=RUN_ID)
    account = Endpoints(aws, throughput())
    assert clean(call, "promote", "States.Timeout")["deleted"] == []
    assert account.found


def finish(call: Call, **changes: Any) -> dict[str, Any]:
    event = {
        "event": {"detail": {"object": {"key": "datasets/banking-qa/train.jsonl"}}},
        "plan": plan(),
        "failure": None,
        "execution_arn": EXECUTION,
        "outcome": "Promoted",
        "message": "better <b>",
        "preflight": preflight(),
        "validation": validation(),
        "price": price(),
        "approval": None,
        "training": training(
            curve_uri="s3://artifacts-bucket/curve.csv",
            validation_curve_uri="s3://artifacts-bucket/validation/checks.csv",
        ),
        "endpoint": endpoint(),
        "evaluation": evaluation(),
        "promotion": {"parameter": POINTER, "value": PT_ARN, "previous": None, "retired": []},
    }
    return call("finish_run", event | changes)


def test_a_finished_run_has_report_ledger_and_notice(aws: FakeAws, call: Call) -> None:
    aws.table.put_plain(f"run#{RUN_ID}", "run", status="RUNNING", execution_arn=EXECUTION, started_at="2026")
    aws.s3.put("artifacts-bucket", "curve.csv", b"step_number,training_loss\n1,3\n2,2\n3,1\n")
    checks = b"step_number,validation_loss\n0,3.5\n3,2\n"
    aws.s3.put("artifacts-bucket", "validation/checks.csv", checks)
    found = finish(call)
    assert found["report"] == f"s3://artifacts-bucket/runs/{RUN_ID}/report.html"
    page = aws.s3.text("artifacts-bucket", f"runs/{RUN_ID}/report.html")
    assert page.count("<polyline") == 2
    assert "better &lt;b&gt;" in page
    assert PT_ARN in page
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert (item["status"], item["outcome"], item["report"]) == ("PROMOTED", "Promoted", found["report"])
    assert json.loads(item["promotion"])["value"] == PT_ARN
    assert json.loads(item["training"])["steps"] == 20
    notice = aws.made("sns:Publish")[0]
    assert PT_ARN in notice["Message"]
    assert notice["Subject"].isascii()
    assert len(notice["Subject"]) < 100


def test_a_drop_that_never_became_a_run_is_recorded_once(aws: FakeAws, call: Call) -> None:
    nothing = dict.fromkeys(("plan", "preflight", "validation", "price", "training", "endpoint"))
    refused = nothing | {
        "event": {"detail": {"object": {"key": "datasets/my däta/train.jsonl"}}},
        "outcome": "RunRejected",
        "message": json.dumps({"errorMessage": "bad key", "errorType": "RunRejected"}),
        "evaluation": None,
        "promotion": None,
        "failure": {"phase": "intake", "error": {"Error": "RunRejected", "Cause": "x"}},
    }
    first, second = finish(call, **refused), finish(call, **refused)
    assert first == second
    ((pk, _),) = aws.table.items
    item = aws.table.plain(pk, "run")
    assert (item["status"], item["outcome"], item["message"]) == ("FAILED", "RunRejected", "bad key")
    assert item["dataset"] == "my däta"


def test_another_executions_run_is_left_alone(aws: FakeAws, call: Call) -> None:
    aws.table.put_plain(f"run#{RUN_ID}", "run", status="RUNNING", execution_arn="another", report="r")
    assert finish(call)["report"] == "r"
    assert aws.table.plain(f"run#{RUN_ID}", "run")["status"] == "RUNNING"
    assert not aws.made("sns:Publish")


def close(call: Call, status: str = "ABORTED", cause: str | None = None) -> dict[str, Any]:
    return call("close_run", {"detail": {"executionArn": EXECUTION, "status": status, "cause": cause}})


def test_an_aborted_execution_is_cleaned_up_and_reported(aws: FakeAws, call: Call) -> None:
    claim(aws)
    account = Endpoints(aws, throughput())
    assert close(call) == {"closed": [RUN_ID]}
    assert not account.found
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert (item["status"], item["outcome"]) == ("FAILED", "RunAborted")
    assert PT_ARN in item["message"]
    assert close(call) == {"closed": []}
    assert len(aws.made("sns:Publish")) == 1


def test_a_run_that_only_the_index_still_shows_as_running_is_left_alone(aws: FakeAws, call: Call) -> None:
    """The index runs-by-time follows the table a moment later."""
    claim(aws, status="PROMOTED")
    account = Endpoints(aws, throughput())
    late = aws.table.items[f"run#{RUN_ID}", "run"] | {"status": {"S": "RUNNING"}}
    aws.on("dynamodb:Query", {"Items": [late], "Count": 1})
    assert close(call, "FAILED") == {"closed": []}
    assert account.found
    assert not aws.made("sns:Publish")


def test_a_run_is_closed_even_while_its_endpoint_cannot_be_deleted(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEAN_UP_WAIT_SECONDS", "0.001")
    monkeypatch.setattr(cleaning, "FIRST_PAUSE", 0.001)
    claim(aws)
    Endpoints(aws, throughput(status="Creating"))
    aws.on("bedrock:DeleteProvisionedModelThroughput", error("ConflictException"))
    assert close(call) == {"closed": [RUN_ID]}
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert item["outcome"] == "RunAborted"
    assert f"({PT_ARN}): the guardian deletes it" in item["message"]


def test_a_promotion_whose_report_was_lost_stays_promoted(aws: FakeAws, call: Call) -> None:
    claim(aws)
    champion(aws, PT_ARN, run_id=RUN_ID)
    account = Endpoints(aws, throughput())
    close(call, "FAILED")
    assert account.found
    assert aws.table.plain(f"run#{RUN_ID}", "run")["status"] == "PROMOTED"


def unfinished(**known: Any) -> str:
    """The cause with which the machine ends when a state of its failure path fails."""
    refused = {"Error": "AccessDenied", "Cause": "not allowed"}
    return json.dumps({"failure": None, "cleaned": None, "unfinished": refused} | known)


def test_what_clean_up_could_not_take_down_is_taken_down_under_the_failures_own_name(
    aws: FakeAws, call: Call
) -> None:
    claim(aws)
    account = Endpoints(aws, throughput())
    failure = {"phase": "train", "error": {"Error": "States.TaskFailed", "Cause": "Internal error"}}
    close(call, "FAILED", unfinished(failure=failure))
    assert not account.found
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert (item["status"], item["outcome"]) == ("FAILED", "TrainingFailed")
    assert 'Bedrock said: "Internal error"' in item["message"]


def test_a_model_that_was_held_stays_when_clean_up_failed(aws: FakeAws, call: Call) -> None:
    claim(aws)
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "baseModelArn": "b"})
    failure = {"phase": "evaluate", "error": {"Error": "Held", "Cause": "no gain"}}
    close(call, "FAILED", unfinished(failure=failure))
    assert aws.table.plain(f"run#{RUN_ID}", "run")["outcome"] == "Held"
    assert not aws.made("bedrock:DeleteCustomModel")


def test_the_end_that_clean_up_gave_a_run_is_reported(aws: FakeAws, call: Call) -> None:
    claim(aws)
    cleaned = {"outcome": "ServingFailed", "message": "no host", "deleted": [], "kept": []}
    close(call, "FAILED", unfinished(cleaned=cleaned))
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert item["outcome"] == "ServingFailed"
    assert item["message"].startswith("no host")


@pytest.mark.parametrize("cause", ["", "{", "[]", '{"failure": 3}', "Lambda was sad"])
def test_any_other_cause_is_kept_as_it_is(aws: FakeAws, call: Call, cause: str) -> None:
    claim(aws)
    close(call, "FAILED", cause)
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert item["outcome"] == "RunFailed"
    assert cause in item["message"]


def test_clean_up_finds_a_promotion_whose_answer_was_lost(aws: FakeAws, call: Call) -> None:
    claim(aws)
    champion(aws, PT_ARN, run_id=RUN_ID)
    account = Endpoints(aws, throughput())
    event = {"plan": plan(), "phase": "promote", "error": {"Error": "States.Timeout", "Cause": ""}}
    found = call("clean_up", event)
    assert (found["outcome"], found["deleted"]) == ("Promoted", [])
    assert account.found
