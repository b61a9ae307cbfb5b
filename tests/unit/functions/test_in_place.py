"""Swapping the candidate into the champion's endpoint and back, against an account in memory."""

# ruff: noqa: N803 - arguments have the services' own names

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_aws import cleaning, rollback
from finetune_aws.ledger import Ledger
from finetune_core.errors import Conflict, ServingFailed
from finetune_core.rollouts import Standing, choose
from tests.unit.functions.account import Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    CUSTOM_ARN,
    EXECUTION,
    MODEL_ID,
    PT_ARN,
    RUN_ID,
    endpoint,
    evaluation,
    plan,
    preflight,
    reply,
    training,
)
from watch_champions import watch

Call = Callable[..., dict[str, Any]]
OLD = CUSTOM_ARN.replace("abcdefabcdef", "000000000000")
WAY = {"way": "in_place", "reason": "", "endpoint": PT_ARN, "model_arn": OLD, "beside_units": 1}
LEDGER = Ledger("ledger")


class Account(Endpoints):
    """The champion's endpoint, which takes another model when it is looked at the second time."""

    def __init__(self, aws: FakeAws, serves: str = OLD, **changes: Any) -> None:
        named = {"provisionedModelName": "dev-old-run", "modelArn": serves, "desiredModelArn": serves}
        super().__init__(aws, throughput(**named | changes))
        self.asked: list[str] = []
        self.fails = False
        aws.on("bedrock:UpdateProvisionedModelThroughput", self._update)
        aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": NOW})

    def _update(self, provisionedModelId: str, desiredModelId: str) -> dict[str, Any]:
        item = self.found[provisionedModelId]
        if item["status"] == "Updating":
            raise error("ValidationException", "it is being updated")
        self.asked.append(desiredModelId)
        item |= {"status": "Updating", "desiredModelArn": desiredModelId}
        return {}

    def _get(self, provisionedModelId: str) -> dict[str, Any]:
        item = dict(super()._get(provisionedModelId))
        mine = self.found[item["provisionedModelArn"]]
        if mine["status"] == "Updating":
            failed = {"status": "Failed", "failureMessage": "no host"}
            mine |= failed if self.fails else {"status": "InService", "modelArn": mine["desiredModelArn"]}
        return item


NOW = datetime.now(UTC)


def swap(call: Call, **way: Any) -> dict[str, Any]:
    found = preflight(rollout=WAY | way)
    return call("swap_model", {"plan": plan(), "preflight": found, "training": training()})


def test_the_swap_is_asked_for_once_and_watched(aws: FakeAws, call: Call) -> None:
    account = Account(aws)
    assert [swap(call)["status"] for _ in range(3)] == ["Updating", "InService", "InService"]
    assert account.asked == [CUSTOM_ARN]


def test_a_failed_swap_is_reported_and_not_tried_again(aws: FakeAws, call: Call) -> None:
    account = Account(aws)
    account.fails = True
    found = [swap(call) for _ in range(3)][-1]
    assert (found["status"], found["failure"], account.asked) == ("Failed", "no host", [CUSTOM_ARN])


def test_a_lost_answer_asks_no_second_time(aws: FakeAws, call: Call) -> None:
    account = Account(aws)

    def lost(**request: Any) -> dict[str, Any]:
        account._update(**request)
        raise error("ValidationException", "it is being updated")

    aws.on("bedrock:UpdateProvisionedModelThroughput", lost)
    assert swap(call)["status"] == "Updating"


def test_an_endpoint_that_somebody_changed_is_left_alone(aws: FakeAws, call: Call) -> None:
    account = Account(aws, serves="somebody's")
    with pytest.raises(ServingFailed, match="serves somebody's by now"):
        swap(call)
    account.found.clear()
    with pytest.raises(ServingFailed, match="is gone"):
        swap(call)
    assert not account.asked


def planned(aws: FakeAws) -> None:
    claim(aws)
    aws.table.items[f"run#{RUN_ID}", "run"]["preflight"] = {"S": json.dumps(preflight(rollout=WAY))}


def clean(call: Call, seconds: float = 900) -> dict[str, Any]:
    failure = {"Error": "ServingFailed", "Cause": "it broke"}
    return call("clean_up", {"plan": plan(), "phase": "evaluate", "error": failure}, seconds=seconds)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("CLEAN_UP_WAIT_SECONDS", "0.05")


def test_clean_up_gives_the_champion_its_endpoint_back(aws: FakeAws, call: Call) -> None:
    planned(aws)
    account = Account(aws, serves=CUSTOM_ARN)
    aws.on("bedrock:DeleteCustomModel", {})
    found = clean(call)
    assert account.asked == [OLD]
    assert (found["kept"], f"serves {OLD} again" in found["message"]) == ([PT_ARN], True)
    assert not aws.made("bedrock:DeleteProvisionedModelThroughput")


def test_clean_up_of_a_swap_that_was_never_begun_touches_nothing(aws: FakeAws, call: Call) -> None:
    planned(aws)
    account = Account(aws)
    aws.on("bedrock:DeleteCustomModel", {})
    clean(call)
    assert not account.asked
    assert PT_ARN in account.found


def test_a_refused_swap_back_is_told_and_keeps_both(aws: FakeAws, call: Call) -> None:
    planned(aws)
    Account(aws, serves=CUSTOM_ARN)
    aws.on("bedrock:UpdateProvisionedModelThroughput", error("ValidationException", "never"))
    found = clean(call)
    assert "could NOT be given its model" in found["message"]
    assert found["kept"] == [PT_ARN, CUSTOM_ARN]


def test_a_swap_back_that_takes_too_long_is_tried_again(aws: FakeAws, call: Call) -> None:
    planned(aws)
    account = Account(aws, serves=CUSTOM_ARN)
    stuck = account.found[PT_ARN] | {"status": "Updating", "desiredModelArn": OLD}
    aws.on("bedrock:GetProvisionedModelThroughput", lambda **_: stuck)
    with pytest.raises(Conflict, match="given its model back"):
        clean(call)
    event = {"detail": {"executionArn": EXECUTION, "status": "ABORTED"}}
    with pytest.raises(Conflict):
        call("close_run", event)
    assert aws.table.plain(f"run#{RUN_ID}", "run")["status"] == "RUNNING"


def promote(call: Call) -> dict[str, Any]:
    event = {"plan": plan(), "preflight": preflight(rollout=WAY), "training": training()}
    return call("promote_model", event | {"endpoint": endpoint(), "evaluation": evaluation()})


def test_promotion_keeps_the_pointer_and_marks_the_endpoint(aws: FakeAws, call: Call) -> None:
    champion(aws, PT_ARN)
    Account(aws, serves=CUSTOM_ARN)
    aws.on("bedrock:TagResource", {})
    found = promote(call)
    assert (found["value"], found["retired"]) == (PT_ARN, [])
    assert not aws.made("ssm:PutParameter")
    (marked,) = aws.made("bedrock:TagResource")
    assert {tag["key"]: tag["value"] for tag in marked["tags"]}["finetune:run"] == RUN_ID
    assert aws.table.plain("champion#banking-qa", "champion")["run_id"] == RUN_ID


def test_nothing_is_promoted_that_is_not_in_the_endpoint(aws: FakeAws, call: Call) -> None:
    champion(aws, PT_ARN)
    Account(aws)
    with pytest.raises(ServingFailed, match="not this run's model"):
        promote(call)
    assert aws.table.plain("champion#banking-qa", "champion")["run_id"] == "old-run"


def swapped_champion(aws: FakeAws) -> None:
    before = {"run_id": "old-run", "model_arn": OLD, "pointer": PT_ARN, "endpoint_arn": PT_ARN}
    champion(aws, PT_ARN, run_id=RUN_ID)
    item = aws.table.items["champion#banking-qa", "champion"]
    item |= {"model_arn": {"S": CUSTOM_ARN}, "previous": {"S": json.dumps(before)}}
    aws.on("bedrock:TagResource", {})
    aws.on("bedrock-runtime:Converse", reply("hello"))


def test_going_back_swaps_the_model_before_into_the_same_endpoint(aws: FakeAws) -> None:
    swapped_champion(aws)
    account = Account(aws, serves=CUSTOM_ARN)
    way = rollback.look("banking-qa", "DEV", LEDGER)
    assert (way.endpoint, way.swaps, way.removes) == (PT_ARN, True, ())
    rollback.carry_out(way, rollback.Request("ops", "why"), "DEV", LEDGER, NOW, pause=lambda _: None)
    assert account.asked == [OLD]
    item = aws.table.plain("champion#banking-qa", "champion")
    assert (item["run_id"], item["pointer"]) == ("old-run", PT_ARN)


def test_the_watch_swaps_back_and_ends_in_its_next_round(
    aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_PATIENCE", 0.0)
    swapped_champion(aws)
    account = Account(aws, serves=CUSTOM_ARN)
    limits = {"until": "2999-01-01T00:00:00+00:00", "error_rate": 0.1, "latency_ms": 0, "minimum_calls": 1}
    item = aws.table.items["champion#banking-qa", "champion"]
    item |= {"watch": {"S": json.dumps(limits)}, "dataset": {"S": "banking-qa"}}
    item |= {"promoted_at": {"S": NOW.isoformat()}}
    aws.on("dynamodb:Query", lambda **_: {"Items": [item], "Count": 1})
    bad = {"Sum": 9.0, "SampleCount": 9.0}
    aws.on("cloudwatch:GetMetricStatistics", {"Datapoints": [bad]})
    aws.table.put_plain("run#old-run", "run", run_id="old-run", kind="run")
    first = call("watch_champions", {})
    assert (first["swapping"], first["rolled_back"], account.asked) == (["banking-qa"], [], [OLD])
    assert aws.table.plain("champion#banking-qa", "champion")["run_id"] == RUN_ID
    assert call("watch_champions", {})["rolled_back"] == ["banking-qa"]
    assert aws.table.plain("champion#banking-qa", "champion")["run_id"] == "old-run"


def test_nobody_goes_back_while_a_candidate_is_judged_in_the_endpoint(aws: FakeAws) -> None:
    swapped_champion(aws)
    Account(aws, serves=CUSTOM_ARN.replace("abcdef", "bbbbbb"))
    with pytest.raises(Conflict, match="judging its candidate"):
        rollback.look("banking-qa", "DEV", LEDGER)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "on_demand"}, "served by on_demand"),
        ({"base_model": "amazon.nova-lite-v1:0:300k"}, "comes from amazon.nova-lite"),
        ({"ours": False}, "pipeline's tag"),
        ({"ready": False}, "is not ready"),
        ({"serves": "other"}, "not the champion's model"),
        ({"model_active": False}, "nothing could be swapped back"),
        ({"units": 2}, "has 2 model unit"),
    ],
)
def test_what_cannot_be_swapped_gets_an_endpoint_of_its_own(changes: dict[str, Any], reason: str) -> None:
    facts = {
        "run_id": "old-run",
        "endpoint": PT_ARN,
        "kind": "provisioned_throughput",
        "ready": True,
        "ours": True,
        "serves": OLD,
        "units": 1,
        "model_arn": OLD,
        "model_active": True,
        "base_model": MODEL_ID,
    }
    wanted = {"serving": "provisioned_throughput", "base_model": MODEL_ID, "units": 1, "commitment": None}
    fine = choose("in_place", Standing(**facts), **wanted)  # type: ignore[arg-type]
    assert (fine.way, fine.endpoint, fine.model_arn) == ("in_place", PT_ARN, OLD)
    found = choose("in_place", Standing(**facts | changes), **wanted)  # type: ignore[arg-type]
    assert (found.way, reason in found.reason) == ("blue_green", True)
    asked = choose("blue_green", Standing(**facts | changes), **wanted)  # type: ignore[arg-type]
    assert asked.reason == "the settings ask for it"
