"""What `finetune retire` lists, keeps and deletes."""

from typing import Any

import pytest

from finetune_aws import retiring
from finetune_aws.ledger import Ledger
from finetune_core.errors import Conflict
from tests.unit.functions.account import Endpoints, champion, claim, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import CUSTOM_ARN, OLD_PT_ARN, POINTER, PT_ARN, RUN_ID

LEDGER = Ledger("ledger")


@pytest.fixture
def account(aws: FakeAws) -> Endpoints:
    found = Endpoints(aws, throughput(), throughput(OLD_PT_ARN, provisionedModelName="old"))
    models = [{"modelArn": CUSTOM_ARN, "modelName": "m", "baseModelArn": "b", "baseModelName": "b"}]
    aws.on("bedrock:ListCustomModels", {"modelSummaries": models})
    aws.on("bedrock:DeleteCustomModel", {})
    return found


def look(name: str = "banking-qa", **changes: Any) -> dict[str, str]:
    found = retiring.look(name, "DEV", LEDGER, **{"champion_too": False} | changes)
    return {asset.arn: asset.kept for asset in found}


def test_all_of_a_dataset_or_run_but_the_champions(aws: FakeAws, account: Endpoints) -> None:
    champion(aws, PT_ARN)
    assert look() == {PT_ARN: "the champion's", OLD_PT_ARN: "", CUSTOM_ARN: ""}
    assert look(RUN_ID).keys() == look().keys()
    assert look("another") == {}
    assert look(champion_too=True) == {PT_ARN: "", OLD_PT_ARN: "", CUSTOM_ARN: ""}


def test_a_run_at_work_keeps_its_things(aws: FakeAws, account: Endpoints) -> None:
    claim(aws)
    assert set(look().values()) == {"its run is at work"}


def test_what_is_committed_or_changing_stays(aws: FakeAws, account: Endpoints) -> None:
    account.found[PT_ARN] |= {"commitmentDuration": "OneMonth"}
    account.found[OLD_PT_ARN] |= {"status": "Updating"}
    kept = look(champion_too=True)
    assert ("commitment" in kept[PT_ARN], "change" in kept[OLD_PT_ARN]) == (True, True)


def test_endpoints_go_before_models_and_the_pointer_before_its_endpoint(
    aws: FakeAws, account: Endpoints
) -> None:
    champion(aws, PT_ARN)
    claim(aws, status="PROMOTED")
    busy = [error("ConflictException", "in use"), {}]
    aws.on("bedrock:DeleteCustomModel", busy)
    assets = retiring.look("banking-qa", "DEV", LEDGER, champion_too=True)
    assert [asset.per_month for asset in assets] == [60.5 * 730, 60.5 * 730, 1.95]
    pauses: list[float] = []
    deleted = retiring.carry_out(assets, "DEV", LEDGER, pause=pauses.append)
    assert deleted == [PT_ARN, OLD_PT_ARN, CUSTOM_ARN]
    assert (account.found, POINTER in aws.parameters, len(pauses)) == ({}, False, 1)
    assert aws.table.plain("champion#banking-qa", "champion")["pointer"] == ""
    names = [name for name, _ in aws.calls]
    assert names.index("ssm:DeleteParameter") < names.index("bedrock:DeleteProvisionedModelThroughput")


def test_a_model_that_stays_in_use_is_told(aws: FakeAws, account: Endpoints) -> None:
    aws.on("bedrock:DeleteCustomModel", error("ConflictException", "in use"))
    assets = retiring.look("banking-qa", "DEV", LEDGER, champion_too=True)
    with pytest.raises(Conflict, match="in use"):
        retiring.carry_out(assets, "DEV", LEDGER, pause=lambda _: None)
