"""Each command against stand-ins, through `main`, as a person types it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from finetune_cli import main as entry
from finetune_cli import surroundings

from . import fakes
from .test_progress import PHASES

DONE = {
    "phases": PHASES,
    "status": "PROMOTED",
    "finished_at": "2026-11-24T10:09:00Z",
    "endpoint_arn": "arn:e",
    "report": "s3://artifacts/runs/x/report.html",
    **fakes.FINISHED,
}
WAITING = {
    "phase": "approve",
    "phases": [*PHASES[:4], ("approve", "2026-11-24T10:04:00Z")],
    "task_token": "t",
}


@pytest.fixture
def finetune(monkeypatch, capsys):
    """Run a command line against the given clients; gives (exit code, stdout, stderr)."""

    def call(*line: str, **clients: Any) -> tuple[int, str, str]:
        found = {"ssm": fakes.surroundings().client("ssm"), **clients}
        monkeypatch.setattr(surroundings.Surroundings, "client", lambda _, name: found[name])
        code = entry.main(line)
        return (code, *capsys.readouterr())

    return call


def test_runs(finetune) -> None:
    code, out, _ = finetune("runs", dynamodb=fakes.ledger_client(fakes.run_item(**DONE)))
    header, row = out.splitlines()
    assert code == 0
    assert header.split() == ["RUN", "DATASET", "STATUS", "OUTCOME", "PHASE", "STARTED", "TOOK"]
    assert row.split() == [
        "haiku-0123456789ab",
        "haiku",
        "PROMOTED",
        "intake",
        "2026-11-24",
        "10:00:00",
        "9",
        "min",
        "00",
        "s",
    ]


def test_runs_as_json(finetune) -> None:
    _, out, _ = finetune("runs", "--json", dynamodb=fakes.ledger_client(fakes.run_item(**DONE)))
    assert json.loads(out)[0]["training"]["steps"] == 40


def test_no_runs_says_what_to_do(finetune) -> None:
    code, out, err = finetune("runs", dynamodb=fakes.ledger_client())
    assert (code, out) == (0, "")
    assert "finetune submit" in err


def test_status_of_a_promoted_run(finetune) -> None:
    code, out, _ = finetune("status", "haiku", dynamodb=fakes.ledger_client(fakes.run_item(**DONE)))
    assert code == 0
    for words in (
        "90 train, 10 validation, 20 evaluation",
        "training loss    3.21 → 1.05 in 40 steps",
        "held-out loss    3.3 → 1.4",
        "token f1         base 0.100 → tuned 0.600 on 20 prompts, 95 % interval of the gain +0.400 to +0.600",
        "$12.30 ($10.00 to $15.00); $21.18 an hour while it serves",
        "s3://artifacts/runs/x/report.html",
        "/finetune/dev/haiku/model-id (SSM parameter)",
    ):
        assert words in out


@pytest.mark.parametrize(("status", "code"), [("RUNNING", 0), ("FAILED", 1), ("HELD", 1), ("REJECTED", 1)])
def test_the_exit_code_of_a_status(finetune, status, code) -> None:
    item = fakes.run_item(status=status, outcome="DatasetInvalid", error={"message": "line 3 is not JSON"})
    found, out, _ = finetune("status", "haiku", dynamodb=fakes.ledger_client(item))
    assert found == code
    assert ("line 3 is not JSON" in out) is (code == 1)


def test_report(finetune, tmp_path) -> None:
    asked: list[str] = []

    def get_object(Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        asked.append(f"{Bucket}/{Key}")
        return {"Body": io.BytesIO(b"<html>")}

    path = tmp_path / "new" / "r.html"
    dynamodb = fakes.ledger_client(fakes.run_item(**DONE))
    code, out, _ = finetune(
        "report", "haiku", "--out", str(path), dynamodb=dynamodb, s3=fakes.FakeClient(get_object=get_object)
    )
    assert (code, out, path.read_bytes(), asked) == (
        0,
        f"{path}\n",
        b"<html>",
        ["artifacts/runs/x/report.html"],
    )


def test_a_run_without_a_report(finetune) -> None:
    code, _, err = finetune("report", "haiku", dynamodb=fakes.ledger_client(fakes.run_item()))
    assert code == 2
    assert "has no report" in err


CALLER = fakes.FakeClient(
    get_caller_identity=lambda: {"Arn": "arn:aws:sts::123456789012:assumed-role/Ops/ops"}
)


def test_approve(finetune) -> None:
    sent: dict[str, str] = {}
    states = fakes.FakeClient(send_task_success=lambda **answer: sent.update(answer))
    dynamodb = fakes.ledger_client(fakes.run_item(**WAITING))
    line = ("approve", "haiku", "--by", "ops")
    code, out, _ = finetune(*line, dynamodb=dynamodb, stepfunctions=states, sts=CALLER)
    answer = json.loads(sent["output"])
    assert (code, sent["taskToken"], answer["decision"], answer["by"]) == (0, "t", "approved", "ops")
    assert answer["identity"] == "arn:aws:sts::123456789012:assumed-role/Ops/ops"
    assert "approved by ops" in out


def test_decline(finetune) -> None:
    sent: dict[str, str] = {}
    states = fakes.FakeClient(send_task_success=lambda **answer: sent.update(answer))
    dynamodb = fakes.ledger_client(fakes.run_item(**WAITING))
    line = ("decline", "haiku", "--by", "ops", "--reason", "too dear")
    code, _, _ = finetune(*line, dynamodb=dynamodb, stepfunctions=states, sts=CALLER)
    answer = json.loads(sent["output"])
    assert (code, answer["decision"], answer["by"], answer["reason"]) == (0, "declined", "ops", "too dear")


def test_nothing_to_approve(finetune) -> None:
    code, _, err = finetune("approve", "haiku", dynamodb=fakes.ledger_client(fakes.run_item()))
    assert code == 2
    assert "does not wait for approval" in err


def test_an_answer_that_comes_too_late(finetune) -> None:
    def too_late(**_: str) -> None:
        raise fakes.FakeClient.exceptions.TaskTimedOut("TaskTimedOut")

    dynamodb = fakes.ledger_client(fakes.run_item(**WAITING))
    code, _, err = finetune(
        "approve",
        "haiku",
        dynamodb=dynamodb,
        stepfunctions=fakes.FakeClient(send_task_success=too_late),
        sts=CALLER,
    )
    assert code == 2
    assert "no longer waits: TaskTimedOut" in err


def test_endpoints_are_ours_alone(finetune) -> None:
    provisioned = [
        {
            "provisionedModelArn": f"arn:{name}",
            "provisionedModelName": name,
            "status": "InService",
            "modelUnits": 1,
        }
        for name in ("ours", "foreign")
    ]
    deployments = [
        {"customModelDeploymentArn": "arn:d", "customModelDeploymentName": "d", "status": "Active"}
    ]
    ours = {"finetune:pipeline": "dev", "finetune:run": "haiku-0123456789ab", "finetune:dataset": "haiku"}
    tags = {"arn:ours": ours, "arn:foreign": {"finetune:pipeline": "prod"}, "arn:d": ours}
    bedrock = fakes.FakeClient(
        {
            "list_provisioned_model_throughputs": [{"provisionedModelSummaries": provisioned}],
            "list_custom_model_deployments": [{"modelDeploymentSummaries": deployments}],
        },
        list_tags_for_resource=lambda resourceARN: {  # noqa: N803
            "tags": [{"key": key, "value": value} for key, value in tags[resourceARN].items()]
        },
    )
    dynamodb = fakes.ledger_client(fakes.run_item(**DONE))
    code, out, _ = finetune("endpoints", "--env", "dev", bedrock=bedrock, dynamodb=dynamodb)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["ENDPOINT", "ours", "d", "together"]
    assert out.splitlines()[-1] == "together $21.18 an hour"


def test_models_by_type(finetune) -> None:
    _, out, _ = finetune("models", "--type", "continued-pre-training", "--json")
    rows = json.loads(out)
    assert rows
    assert all("CONTINUED_PRE_TRAINING" in row["types"] for row in rows)


def test_models_that_the_account_offers(finetune) -> None:
    summary = {
        "modelId": "amazon.nova-micro-v1:0:128k",
        "modelName": "Nova Micro",
        "providerName": "Amazon",
        "customizationsSupported": ["FINE_TUNING"],
        "modelLifecycle": {"status": "LEGACY"},
    }
    bedrock = fakes.FakeClient(
        list_foundation_models=lambda **_: {"modelSummaries": [summary, {"modelId": "plain"}]}
    )
    code, out, _ = finetune("models", "--live", bedrock=bedrock)
    assert code == 0
    assert out.splitlines()[1].split()[0] == summary["modelId"]
    assert out.splitlines()[1].endswith("legacy")
    assert len(out.splitlines()) == 2


def test_an_unknown_environment_is_one_message(finetune) -> None:
    code, out, err = finetune("runs", "--env", "qa", "--json")
    assert (code, out) == (2, "")
    assert json.loads(err)["where"] == "--env"


def test_compare_shows_two_runs_side_by_side(finetune) -> None:
    dynamodb = fakes.ledger_client(
        fakes.run_item(**DONE),
        fakes.run_item(**{**DONE, "pk": "run#other", "run_id": "other", "price": {"expected": 99.0}}),
    )
    code, out, _ = finetune("compare", "haiku-0123456789ab", "other", dynamodb=dynamodb)
    assert code == 0
    assert out.splitlines()[0].split() == ["haiku-0123456789ab", "other"]
    assert any(line.split() == ["price:", "expected", "$12.30", "$99.00"] for line in out.splitlines())
    _, out, _ = finetune("compare", "other", "other", "--differences", "--json", dynamodb=dynamodb)
    assert not any(json.loads(out).values())
