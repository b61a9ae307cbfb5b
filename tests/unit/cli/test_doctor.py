"""`finetune doctor` against clients that answer from plain data: a healthy account, then one fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.environments import ENVIRONMENTS
from finetune_cli import health
from finetune_cli import main as entry
from finetune_cli.surroundings import Surroundings

from . import fakes

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:guardian"
MODEL = "amazon.nova-micro-v1:0:128k"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
HEARD = {"SubscriptionArn": f"{TOPIC}:1", "Endpoint": "team@example.com"}


class Account:
    """What the clients answer; a test changes one thing."""

    def __init__(self) -> None:
        self.status = "UPDATE_COMPLETE"
        self.missing = ""
        self.bootstrap: str | None = "30"
        self.notification: dict[str, Any] = {"EventBridgeConfiguration": {}}
        self.schedule = "ENABLED"
        self.subscriptions = [HEARD]
        self.models = [{"modelId": MODEL, "modelLifecycle": {"status": "ACTIVE"}}]
        self.units = 2.0
        self.ringing: list[str] = []
        self.refused = ""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.missing and StackName.endswith(self.missing):
            raise fakes.Refusal("ValidationError", f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": "AlarmTopicArn", "OutputValue": TOPIC}]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if self.bootstrap is None:
            raise fakes.FakeClient.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.bootstrap}}

    def list_foundation_models(self, **_: str) -> dict[str, Any]:
        if self.refused:
            raise fakes.Refusal("AccessDeniedException", self.refused)
        return {"modelSummaries": self.models}

    def clients(self) -> dict[str, fakes.FakeClient]:
        client = fakes.FakeClient
        who = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:role/admin"}
        names = fakes.surroundings().client("ssm").pages
        resources = [{"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": "guardian"}]
        schedule = {"Name": "hourly", "State": self.schedule, "Target": {"Arn": FUNCTION}}
        others = {"Name": "foreign", "State": "DISABLED", "Target": {"Arn": FUNCTION + "-of-others"}}
        alarms = [{"AlarmName": name} for name in self.ringing]
        return {
            "sts": client(get_caller_identity=lambda: who),
            "ssm": client(names, get_parameter=self.get_parameter),
            "cloudformation": client(
                {"list_stack_resources": [{"StackResourceSummaries": resources}]},
                describe_stacks=self.describe_stacks,
            ),
            "s3": client(get_bucket_notification_configuration=lambda **_: self.notification),
            "scheduler": client({"list_schedules": [{"Schedules": [schedule, others]}]}),
            "sns": client({"list_subscriptions_by_topic": [{"Subscriptions": self.subscriptions}]}),
            "bedrock": client(list_foundation_models=self.list_foundation_models),
            "service-quotas": client(get_service_quota=lambda **_: {"Quota": {"Value": self.units}}),
            "cloudwatch": client({"describe_alarms": [{"MetricAlarms": alarms}]}),
        }


@pytest.fixture(autouse=True)
def _served_by_units(monkeypatch) -> None:
    """DEV serves on demand, which needs no units: judge by the defaults of LOCAL."""
    monkeypatch.setattr(health, "_settings", lambda _: ENVIRONMENTS["local"])


def examined(account: Account) -> dict[str, health.Answer]:
    here = Surroundings(env="dev", session=None, region="us-east-1", clients=account.clients())
    return {answer.check: answer for answer in health.examine(here)}


def test_a_healthy_account_needs_nothing() -> None:
    found = examined(Account())
    assert {answer.state for answer in found.values()} == {"fine"}
    assert not any(answer.remedy for answer in found.values())
    assert len(found) == 9


@pytest.mark.parametrize(
    ("check", "changed", "state", "words"),
    [
        ("bootstrap", {"bootstrap": None}, "broken", "not bootstrapped"),
        ("bootstrap", {"bootstrap": "5"}, "broken", "version 5"),
        ("stacks", {"missing": "Serving"}, "broken", "not deployed: Serving"),
        ("stacks", {"status": "ROLLBACK_COMPLETE"}, "broken", "Storage is ROLLBACK_COMPLETE"),
        ("events", {"notification": {}}, "broken", "drops start nothing"),
        ("schedules", {"schedule": "DISABLED"}, "broken", "switched off: hourly"),
        ("subscriptions", {"subscriptions": []}, "attention", "nobody hears: notices and alarms"),
        (
            "subscriptions",
            {"subscriptions": [HEARD | {"SubscriptionArn": "PendingConfirmation"}]},
            "attention",
            "not confirmed: team@example.com",
        ),
        ("base model", {"models": []}, "broken", f"{MODEL} cannot be customized"),
        (
            "base model",
            {"models": [{"modelId": MODEL, "modelLifecycle": {"status": "LEGACY"}}]},
            "broken",
            f"{MODEL} cannot be customized",
        ),
        ("model units", {"units": 0.0}, "broken", "L-BE77399C is 0"),
        ("alarms", {"ringing": ["Finetune-dev-Monitoring-A", "other"]}, "attention", "Finetune-dev"),
        ("base model", {"refused": "no identity-based policy"}, "unknown", "AccessDeniedException"),
    ],
)
def test_one_fault_is_found_and_no_other(check, changed, state, words) -> None:
    account = Account()
    vars(account).update(changed)
    found = examined(account)
    answer = found.pop(check)
    assert answer.state == state
    assert words in answer.finding
    assert answer.remedy
    assert {each.state for each in found.values()} == {"fine"}


@pytest.mark.parametrize(("units", "code"), [(1.0, 0), (0.0, 1)])
def test_the_exit_code_and_the_remedy(monkeypatch, capsys, units, code) -> None:
    account = Account()
    account.units = units
    clients = account.clients()
    monkeypatch.setattr(Surroundings, "client", lambda _, name: clients[name])
    monkeypatch.setenv("FINETUNE_ENV", "dev")
    assert entry.main(["doctor"]) == code
    out = capsys.readouterr().out
    assert ("do: Ask for more: https://" in out) == bool(code)
    assert entry.main(["doctor", "--json"]) == code
    rows = json.loads(capsys.readouterr().out)
    assert [set(row) for row in rows] == [{"check", "state", "finding", "remedy"}] * 9
