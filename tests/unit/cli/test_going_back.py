"""`finetune rollback` and `finetune retire`: shown first, done when a person agrees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from finetune_aws import retiring, rollback
from finetune_aws.retiring import Asset
from finetune_aws.rollback import Way
from finetune_cli import adapters
from finetune_cli import main as entry
from finetune_cli.surroundings import Surroundings

WAY = Way(
    dataset="haiku",
    leaves="haiku-new",
    returns_to="haiku-old",
    model_arn="arn:model",
    kind="provisioned_throughput",
    endpoint="",
    removes=("arn:new",),
    parameter="/finetune/dev/haiku/model-id",
    hourly=60.5,
    units=1,
    time_to_live_hours=24,
)
ASSETS = [
    Asset(what="on_demand", arn="arn:e", dataset="haiku", run_id="r1", per_month=0.0, kept="the champion's"),
    Asset(what="custom_model", arn="arn:m", dataset="haiku", run_id="r2", per_month=1.95),
]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the adapters were told to do; nothing reaches AWS."""
    told: list[Any] = []
    monkeypatch.setattr(adapters, "ledger", lambda _: None)
    monkeypatch.setattr(Surroundings, "client", lambda *_: pytest.fail("no request of its own"))
    monkeypatch.setattr(rollback, "look", lambda *_: WAY)
    monkeypatch.setattr(rollback, "carry_out", lambda way, request, *_: (told.append((way, request)), way)[1])
    monkeypatch.setattr(retiring, "look", lambda *_, champion_too: ASSETS)
    monkeypatch.setattr(retiring, "carry_out", lambda assets, *_: told.append(assets) or ["arn:m"])
    return told


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _: text)


def test_rollback_shows_and_asks(done: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    answer(monkeypatch, "n")
    assert entry.main(["rollback", "haiku", "--env", "dev"]) == 1
    shown = capsys.readouterr().out
    for words in ("run haiku-new", "run haiku-old", "made again (provisioned_throughput, $60.50 an hour)"):
        assert words in shown
    assert "arn:new" in shown
    assert done == []
    answer(monkeypatch, "yes")
    assert entry.main(["rollback", "haiku", "--env", "dev", "--by", "ops", "--reason", "slow"]) == 0
    assert done == [(WAY, rollback.Request("ops", "slow"))]


def test_rollback_without_a_terminal_changes_nothing(
    done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_terminal(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", no_terminal)
    assert entry.main(["rollback", "haiku", "--env", "dev"]) == 1
    assert entry.main(["rollback", "haiku", "--env", "dev", "--dry-run", "--yes"]) == 1
    assert done == []


def test_the_present_endpoint_can_be_kept(done: list[Any]) -> None:
    assert entry.main(["rollback", "haiku", "--env", "dev", "--yes", "--keep-endpoint"]) == 0
    assert done[0][0].removes == ()


def test_retire_lists_and_asks(done: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    answer(monkeypatch, "")
    assert entry.main(["retire", "haiku", "--env", "dev"]) == 1
    shown = capsys.readouterr().out
    assert "keep: the champion's" in shown
    assert "$1.95" in shown
    assert done == []
    assert entry.main(["retire", "haiku", "--env", "dev", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deleted"] == ["arn:m"]
    assert done == [ASSETS]


def test_nothing_to_retire_is_fine(done: list[Any]) -> None:
    assert entry.main(["retire", "haiku", "--env", "dev", "--keep-models", "--yes"]) == 0
    assert done == []
