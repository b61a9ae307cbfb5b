"""Going back to the champion before: by hand, and by the watch."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_aws import rollback
from finetune_aws.ledger import Ledger
from finetune_core.errors import Conflict, NotFound, ServingFailed
from finetune_core.gate import Watch
from finetune_core.watching import Health, Limits, breach, limits, read_limits
from tests.unit.functions.account import Endpoints, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import CUSTOM_ARN, OLD_PT_ARN, POINTER, PT_ARN, RUN_ID, plan, price, reply

Call = Callable[..., dict[str, Any]]
NOW = datetime.now(UTC)
OLD_RUN = "banking-qa-aaaaaaaaaaaa"
LEDGER = Ledger("ledger")
ME = rollback.Request("ops", "wrong answers")


def previous(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": OLD_RUN,
        "model_arn": CUSTOM_ARN,
        "endpoint_arn": OLD_PT_ARN,
        "endpoint_kind": "provisioned_throughput",
        "pointer": OLD_PT_ARN,
        "base_model": "m",
        "promoted_at": "2026-11-01T00:00:00+00:00",
        "previous": {"run_id": "older", "model_arn": "x", "pointer": "y", "previous": None},
    } | changes


def promoted(aws: FakeAws, before: dict[str, Any] | None, **changes: str) -> None:
    since = (NOW - timedelta(minutes=30)).isoformat(timespec="seconds")
    until = (NOW + timedelta(minutes=30)).isoformat(timespec="seconds")
    watch = {"until": until, "error_rate": 0.05, "latency_ms": 300.0, "minimum_calls": 20}
    values = {
        "kind": "champion",
        "dataset": "banking-qa",
        "run_id": RUN_ID,
        "model_arn": "new-model",
        "endpoint_arn": PT_ARN,
        "pointer": PT_ARN,
        "promoted_at": since,
        "started_at": since,
        "watch": json.dumps(watch),
    }
    if before:
        values["previous"] = json.dumps(before)
    aws.table.put_plain("champion#banking-qa", "champion", **values | changes)
    aws.table.put_plain(f"run#{RUN_ID}", "run", run_id=RUN_ID, kind="run", status="PROMOTED")
    phases = {"plan": json.dumps(plan()), "price": json.dumps(price())}
    aws.table.put_plain(f"run#{OLD_RUN}", "run", run_id=OLD_RUN, kind="run", **phases)
    aws.parameters[POINTER] = PT_ARN
    aws.on("bedrock-runtime:Converse", reply("hello"))


def two_endpoints(aws: FakeAws) -> Endpoints:
    return Endpoints(aws, throughput(), throughput(OLD_PT_ARN, provisionedModelName="old"))


def test_looking_changes_nothing(aws: FakeAws) -> None:
    promoted(aws, previous())
    account = two_endpoints(aws)
    way = rollback.look("banking-qa", "DEV", LEDGER)
    assert (way.leaves, way.returns_to, way.endpoint) == (RUN_ID, OLD_RUN, OLD_PT_ARN)
    assert (way.removes, way.hourly, way.parameter) == ((PT_ARN,), 60.5, POINTER)
    assert aws.parameters[POINTER] == PT_ARN
    assert len(account.found) == 2


def test_going_back_moves_pointer_ledger_and_endpoints(aws: FakeAws) -> None:
    promoted(aws, previous())
    account = two_endpoints(aws)
    way = rollback.look("banking-qa", "DEV", LEDGER)
    rollback.carry_out(way, ME, "DEV", LEDGER, NOW)
    assert aws.parameters[POINTER] == OLD_PT_ARN
    assert "wrong answers" in aws.made("ssm:PutParameter")[0]["Description"]
    assert list(account.found) == [OLD_PT_ARN]
    item = aws.table.plain("champion#banking-qa", "champion")
    assert (item["run_id"], item["pointer"], "watch" in item) == (OLD_RUN, OLD_PT_ARN, False)
    assert json.loads(item["previous"])["run_id"] == "older"
    assert json.loads(item["rolled_back"])["run_id"] == RUN_ID
    assert aws.table.plain(f"run#{RUN_ID}", "run")["rolled_back_by"] == "ops"


def test_an_endpoint_that_is_gone_is_made_again(aws: FakeAws) -> None:
    promoted(aws, previous())
    account = Endpoints(aws, throughput())
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": NOW})
    made = throughput(OLD_PT_ARN, provisionedModelName=f"dev-{OLD_RUN}", status="Creating")

    def create(**_: Any) -> dict[str, Any]:
        account.found[OLD_PT_ARN] = made
        return {"provisionedModelArn": OLD_PT_ARN}

    aws.on("bedrock:CreateProvisionedModelThroughput", create)
    way = rollback.look("banking-qa", "DEV", LEDGER)
    assert way.endpoint == ""
    pauses: list[float] = []
    done = rollback.carry_out(
        way, ME, "DEV", LEDGER, NOW, pause=lambda s: (pauses.append(s), made.update(status="InService"))[0]
    )
    request = aws.made("bedrock:CreateProvisionedModelThroughput")[0]
    assert (request["modelId"], request["modelUnits"]) == (CUSTOM_ARN, 1)
    assert "commitmentDuration" not in request
    assert {tag["key"] for tag in request["tags"]} >= {"finetune:pipeline", "finetune:expires"}
    assert (done.endpoint, aws.parameters[POINTER], len(pauses)) == (OLD_PT_ARN, OLD_PT_ARN, 1)


def test_an_endpoint_that_cannot_be_made_again_changes_nothing(aws: FakeAws) -> None:
    promoted(aws, previous())
    account = Endpoints(aws, throughput())
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": NOW})
    failed = throughput(
        OLD_PT_ARN, provisionedModelName=f"dev-{OLD_RUN}", status="Failed", failureMessage="no capacity"
    )
    aws.on(
        "bedrock:CreateProvisionedModelThroughput",
        lambda **_: account.found.update({OLD_PT_ARN: failed}) or {"provisionedModelArn": OLD_PT_ARN},
    )
    way = rollback.look("banking-qa", "DEV", LEDGER)
    with pytest.raises(ServingFailed, match="no capacity"):
        rollback.carry_out(way, ME, "DEV", LEDGER, NOW, pause=lambda _: None)
    assert aws.parameters[POINTER] == PT_ARN
    assert list(account.found) == [PT_ARN]


def test_nothing_to_go_back_to(aws: FakeAws) -> None:
    with pytest.raises(NotFound, match="has no champion"):
        rollback.look("banking-qa", "DEV", LEDGER)
    promoted(aws, None)
    with pytest.raises(NotFound, match="no champion before"):
        rollback.look("banking-qa", "DEV", LEDGER)
    promoted(aws, previous(pointer="", endpoint_kind="none"))
    with pytest.raises(NotFound, match="was never served"):
        rollback.look("banking-qa", "DEV", LEDGER)
    promoted(aws, previous())
    Endpoints(aws, throughput())
    with pytest.raises(NotFound, match="neither endpoint nor custom model"):
        rollback.look("banking-qa", "DEV", LEDGER)


def test_a_promotion_that_came_between_wins(aws: FakeAws) -> None:
    promoted(aws, previous())
    two_endpoints(aws)
    way = rollback.look("banking-qa", "DEV", LEDGER)
    promoted(aws, previous(), run_id="newer")
    with pytest.raises(Conflict, match="run newer became champion"):
        rollback.carry_out(way, ME, "DEV", LEDGER, NOW)
    promoted(aws, previous())
    aws.on("dynamodb:PutItem", error("ConditionalCheckFailedException"))
    with pytest.raises(Conflict, match="came between"):
        rollback.carry_out(way, ME, "DEV", LEDGER, NOW)
    assert aws.parameters[POINTER] == PT_ARN


def metrics(answered: float, failed: float, latency: float) -> Callable[..., dict[str, Any]]:
    sums = {
        "Invocations": {"Sum": answered},
        "InvocationServerErrors": {"Sum": failed},
        "InvocationLatency": {"Sum": latency * answered, "SampleCount": answered},
    }
    return lambda MetricName, **_: {"Datapoints": [sums[MetricName]]}  # noqa: N803


def watch(aws: FakeAws, call: Call, measured: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    item = aws.table.items["champion#banking-qa", "champion"]
    aws.on("dynamodb:Query", lambda **_: {"Items": [item], "Count": 1})
    aws.on("cloudwatch:GetMetricStatistics", measured)
    return call("watch_champions", {})


@pytest.mark.parametrize(
    ("measured", "told"),
    [((90, 10, 100), "10 of 100 calls failed"), ((50, 0, 900), "answers took 900 ms")],
)
def test_a_bad_champion_is_taken_back(
    aws: FakeAws, call: Call, measured: tuple[float, float, float], told: str
) -> None:
    promoted(aws, previous())
    account = two_endpoints(aws)
    found = watch(aws, call, metrics(*measured))
    assert found["rolled_back"] == ["banking-qa"]
    assert aws.parameters[POINTER] == OLD_PT_ARN
    assert list(account.found) == [OLD_PT_ARN]
    notice = aws.made("sns:Publish")[0]
    assert told in notice["Message"]
    assert "rolled back" in notice["Subject"]


def test_a_good_champion_stays(aws: FakeAws, call: Call) -> None:
    promoted(aws, previous())
    two_endpoints(aws)
    for measured in (metrics(1000, 1, 100), metrics(2, 17, 9000)):
        found = watch(aws, call, measured)
        assert (found["watched"], found["rolled_back"]) == (["banking-qa"], [])
    assert aws.parameters[POINTER] == PT_ARN
    assert not aws.made("sns:Publish")


def test_without_the_endpoint_before_people_are_told_once(aws: FakeAws, call: Call) -> None:
    promoted(aws, previous())
    Endpoints(aws, throughput())
    aws.on("bedrock:GetCustomModel", {"modelArn": CUSTOM_ARN, "modelName": "m", "creationTime": NOW})
    found = watch(aws, call, metrics(10, 90, 100))
    assert (found["told"], aws.parameters[POINTER]) == (["banking-qa"], PT_ARN)
    assert "finetune rollback banking-qa" in aws.made("sns:Publish")[0]["Message"]
    assert watch(aws, call, metrics(10, 90, 100))["watched"] == []


def test_after_the_watch_nothing_is_looked_at(aws: FakeAws, call: Call) -> None:
    over = {"until": "2026-01-01T00:00:00+00:00", "error_rate": 0.05, "latency_ms": 1, "minimum_calls": 1}
    promoted(aws, previous(), watch=json.dumps(over))
    assert watch(aws, call, metrics(0, 100, 1))["watched"] == []


def test_limits_follow_from_the_settings() -> None:
    found = limits(Watch(hours=2, latency_factor=4), NOW, 50)
    assert found is not None
    assert found.latency_ms == 200
    assert datetime.fromisoformat(found.until) - NOW <= timedelta(hours=2)
    assert limits(Watch(hours=0), NOW, 50) is None
    assert read_limits({}) is None
    unmeasured = Limits(until="", error_rate=0.1, latency_ms=0, minimum_calls=1)
    assert breach(Health(answered=10, failed=0, latency_ms=9e9), unmeasured) == ""
    assert breach(Health(answered=10, failed=0, latency_ms=None), unmeasured) == ""
