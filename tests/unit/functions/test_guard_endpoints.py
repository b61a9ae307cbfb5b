"""The guardian: what it deletes, warns about and leaves alone."""

# ruff: noqa: N803 - arguments have the services' own names

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_core.errors import Throttled
from tests.unit.functions.account import LONG_AGO, Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    CUSTOM_ARN,
    DEPLOYMENT_ARN,
    OLD_PT_ARN,
    PT_ARN,
    RUN_ID,
    TAGS,
    plan,
    settings,
)

Call = Callable[..., dict[str, Any]]


def test_the_guardian_deletes_orphans_and_counts_the_money(aws: FakeAws, call: Call) -> None:
    claim(aws, status="FAILED")
    account = Endpoints(aws, throughput())
    found = call("guard_endpoints", {})
    assert found["deleted"] == [PT_ARN]
    assert found["saved_usd_per_day"] == pytest.approx(60.5 * 24)
    assert not account.found
    (action,) = [aws.table.plain(*key) for key in aws.table.items if key[0].startswith("guardian#20")]
    assert (action["action"], action["arn"]) == ("deleted", PT_ARN)
    assert "saves $1,452.00 a day" in aws.made("sns:Publish")[0]["Message"]


@pytest.mark.parametrize("tags", [{}, TAGS | {"finetune:pipeline": "PROD"}, {"team": "other"}])
def test_the_guardian_touches_only_what_is_ours(aws: FakeAws, call: Call, tags: dict[str, str]) -> None:
    account = Endpoints(aws, throughput(), tags=tags)
    assert call("guard_endpoints", {}) == {
        "deleted": [],
        "warned": [],
        "kept": [],
        "closed": [],
        "saved_usd_per_day": 0.0,
        "spent_usd_this_month": 0.0,
    }
    assert account.found


def test_the_guardian_keeps_a_running_runs_endpoint(aws: FakeAws, call: Call) -> None:
    claim(aws)
    Endpoints(aws, throughput())
    assert call("guard_endpoints", {})["kept"] == [PT_ARN]


def test_the_guardian_never_deletes_a_commitment(aws: FakeAws, call: Call) -> None:
    account = Endpoints(aws, throughput(commitmentDuration="OneMonth"))
    assert call("guard_endpoints", {})["warned"] == [PT_ARN]
    assert account.found
    call("guard_endpoints", {})
    assert len(aws.made("sns:Publish")) == 1


def test_a_commitment_that_is_over_protects_no_more(aws: FakeAws, call: Call) -> None:
    over = {"commitmentDuration": "OneMonth", "commitmentExpirationTime": datetime(2026, 11, 23, tzinfo=UTC)}
    account = Endpoints(aws, throughput(**over))
    assert call("guard_endpoints", {"time": "2026-11-22T23:00:00Z"})["warned"] == [PT_ARN]
    assert call("guard_endpoints", {"time": "2026-11-23T00:00:00Z"})["deleted"] == [PT_ARN]
    assert not account.found


def test_the_guardian_warns_about_an_idle_champion_first(aws: FakeAws, call: Call) -> None:
    champion(aws, PT_ARN)
    account = Endpoints(aws, throughput())
    assert call("guard_endpoints", {})["warned"] == [PT_ARN]
    assert call("guard_endpoints", {})["kept"] == [PT_ARN]
    old = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    aws.table.items["guardian#warnings", PT_ARN]["at"] = {"S": old}
    assert call("guard_endpoints", {})["deleted"] == [PT_ARN]
    assert not account.found


def test_one_endpoints_error_does_not_spare_the_others(aws: FakeAws, call: Call) -> None:
    account = Endpoints(aws, throughput(OLD_PT_ARN, provisionedModelName="a"), throughput())
    delete = account._delete

    def refuse(provisionedModelId: str) -> Any:
        if provisionedModelId == OLD_PT_ARN:
            raise error("ThrottlingException", status=429)
        return delete(provisionedModelId)

    aws.on("bedrock:DeleteProvisionedModelThroughput", refuse)
    with pytest.raises(Throttled):
        call("guard_endpoints", {})
    assert list(account.found) == [OLD_PT_ARN]
    assert "FAILED" in aws.made("sns:Publish")[0]["Message"]


def test_a_deployment_is_guarded_too(aws: FakeAws, call: Call) -> None:
    Endpoints(aws)
    aws.on(
        "bedrock:ListCustomModelDeployments",
        {"modelDeploymentSummaries": [{"customModelDeploymentArn": DEPLOYMENT_ARN}]},
    )
    found = {
        "customModelDeploymentArn": DEPLOYMENT_ARN,
        "modelDeploymentName": "d",
        "modelArn": CUSTOM_ARN,
        "createdAt": LONG_AGO,
        "status": "Active",
    }
    aws.on("bedrock:GetCustomModelDeployment", found)
    aws.on("bedrock:DeleteCustomModelDeployment", {})
    assert call("guard_endpoints", {})["deleted"] == [DEPLOYMENT_ARN]


def test_the_event_says_what_time_it_is(aws: FakeAws, call: Call) -> None:
    claim(aws)
    account = Endpoints(aws, throughput(), tags=TAGS | {"finetune:expires": "2026-11-25T00:00:00Z"})
    assert call("guard_endpoints", {"time": "2026-11-24T20:00:00Z"})["kept"] == [PT_ARN]
    assert call("guard_endpoints", {"time": "2026-11-24T23:00:00Z"})["warned"] == [PT_ARN]
    assert "its time to live ends" in aws.made("sns:Publish")[-1]["Message"]
    assert call("guard_endpoints", {"time": "2026-11-25T00:00:00Z"})["deleted"] == [PT_ARN]
    assert not account.found


def test_the_months_ceiling_is_told_at_80_percent_and_then_kept(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTHLY_CEILING_USD", "1000")
    claim(aws)
    created = datetime(2026, 11, 10, tzinfo=UTC)
    account = Endpoints(aws, throughput(creationTime=created))
    rounds = [call("guard_endpoints", {"time": f"2026-11-10T{hour}:00:00Z"}) for hour in ("10", "14", "16")]
    assert [each["spent_usd_this_month"] for each in rounds] == [605.0, 847.0, 968.0]
    assert [each["warned"] for each in rounds] == [[], ["month 2026-11"], []]
    assert account.found
    assert call("guard_endpoints", {"time": "2026-11-10T17:00:00Z"})["deleted"] == [PT_ARN]
    assert "ceiling" in aws.made("sns:Publish")[-1]["Message"]
    assert "to the end of the month" in aws.made("sns:Publish")[-1]["Message"]


def test_outside_office_hours_a_runs_endpoint_that_nobody_asks_goes(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = {"zone": "UTC", "opens": "08:00", "closes": "18:00", "days": ["Mon"], "endpoints": "unpromoted"}
    monkeypatch.setenv("OFFICE_HOURS", json.dumps(hours))
    claim(aws)
    Endpoints(aws, throughput())
    assert call("guard_endpoints", {"time": "2026-11-23T17:00:00Z"})["kept"] == [PT_ARN]
    aws.on("cloudwatch:GetMetricStatistics", {"Datapoints": [{"Sum": 2.0}]})
    assert call("guard_endpoints", {"time": "2026-11-23T19:00:00Z"})["kept"] == [PT_ARN]
    aws.on("cloudwatch:GetMetricStatistics", {"Datapoints": []})
    assert call("guard_endpoints", {"time": "2026-11-23T20:00:00Z"})["deleted"] == [PT_ARN]


@pytest.mark.parametrize(
    ("status", "keep_model", "gone"),
    [("FAILED", False, True), ("FAILED", True, False), ("PROMOTED", False, False), ("HELD", False, False)],
)
def test_a_model_that_clean_up_missed_is_deleted(
    aws: FakeAws, call: Call, status: str, keep_model: bool, gone: bool
) -> None:
    claim(aws, status=status)
    ended = plan(settings=settings(keep_model=keep_model))
    run = aws.table.items[f"run#{RUN_ID}", "run"]
    run |= {"finished_at": {"S": "2026-11-23T10:00:00Z"}, "plan": {"S": json.dumps(ended)}}
    Endpoints(aws)
    aws.on("bedrock:ListCustomModels", {"modelSummaries": [{"modelArn": CUSTOM_ARN}]})
    aws.on("bedrock:DeleteCustomModel", {})
    found = call("guard_endpoints", {"time": "2026-11-23T12:00:00Z"})
    assert found["deleted"] == ([CUSTOM_ARN] if gone else [])
    assert len(aws.made("bedrock:DeleteCustomModel")) == gone


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "ABORTED", "stopDate": datetime(2026, 11, 23, 10, tzinfo=UTC)}, "ABORTED"),
        ({"status": "SUCCEEDED", "stopDate": datetime(2026, 11, 23, 10, tzinfo=UTC)}, "FAILED"),
        (error("ExecutionDoesNotExist"), "ABORTED"),
        ({"status": "RUNNING"}, None),
        ({"status": "FAILED", "stopDate": datetime(2026, 11, 23, 11, 30, tzinfo=UTC)}, None),
    ],
)
def test_a_run_whose_execution_is_dead_goes_to_close_run(
    aws: FakeAws, call: Call, answer: Any, status: str | None
) -> None:
    claim(aws)
    Endpoints(aws)
    aws.on("stepfunctions:DescribeExecution", answer)
    aws.on("lambda:Invoke", {"StatusCode": 202})
    found = call("guard_endpoints", {"time": "2026-11-23T12:00:00Z"})
    assert found["closed"] == ([RUN_ID] if status else [])
    sent = [json.loads(each["Payload"])["detail"] for each in aws.made("lambda:Invoke")]
    assert [each["status"] for each in sent] == ([status] if status else [])
