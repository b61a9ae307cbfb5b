"""The guardian: what it deletes, warns about and leaves alone."""

# ruff: noqa: N803 - arguments have the services' own names

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_core.errors import Throttled
from tests.unit.functions.account import LONG_AGO, Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import CUSTOM_ARN, DEPLOYMENT_ARN, OLD_PT_ARN, PT_ARN, TAGS

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
    assert call("guard_endpoints", {}) == {"deleted": [], "warned": [], "kept": [], "saved_usd_per_day": 0.0}
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
