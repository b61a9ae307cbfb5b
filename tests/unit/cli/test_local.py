"""`finetune local` around a stand-in for the local cloud; the real one is driven in tests/integration."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import Any, ClassVar

import pytest

from finetune_cli import local_cloud, local_run, local_state
from finetune_cli import main as entry
from finetune_cli.console import Console
from finetune_cli.errors import CommandError
from finetune_cli.ledger import run_from_item
from finetune_local import emulator

from . import fakes

ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "https://localhost:1",
    "AWS_ACCESS_KEY_ID": "000000000000",
    "AWS_REGION": "us-east-1",
}


class StandIn:
    """A local cloud that only notes what it is told."""

    told: list[Any]
    quotas: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path, *, speed: float = 1.0) -> None:
        self.log = folder / "server.log"
        self.speed = speed

    def attach(self) -> bool:
        return "already up" in self.told

    def start(self, *, detached: bool) -> None:
        self.told.append(("start", "detached" if detached else "ours"))

    def stop(self) -> None:
        self.told.append("stop")

    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    def admin(self, **order: Any) -> dict[str, Any]:
        self.told.append(order)
        return {"quotas": self.quotas}


@pytest.fixture
def told(monkeypatch, tmp_path) -> list[Any]:
    """What the stand-in was told; the project is a folder with a CDK CLI that always succeeds."""
    program = tmp_path / "node_modules" / ".bin" / "cdk"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nmkdir -p .local/cdk.out\necho "$@" >> calls\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    local_state.folder().mkdir()
    monkeypatch.setattr(local_state, "project_root", lambda: tmp_path)
    monkeypatch.setattr(emulator, "LocalCloud", StandIn)
    monkeypatch.setattr(StandIn, "told", [], raising=False)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return StandIn.told


def quiet() -> Console:
    return Console(out=io.StringIO(), err=io.StringIO())


@pytest.mark.parametrize(("keep", "end"), [(False, ["stop"]), (True, [])])
def test_a_cloud_that_we_started_is_stopped_unless_kept(told, keep, end) -> None:
    with local_cloud.started(quiet(), keep=keep, speed=None):
        pass
    assert told == [("start", "detached" if keep else "ours"), *end]


def test_a_cloud_that_was_up_is_left_up(told) -> None:
    told.append("already up")
    with local_cloud.started(quiet(), keep=False, speed=None):
        pass
    assert told == ["already up"]


@pytest.mark.parametrize("keep", [False, True])
def test_whatever_goes_wrong_the_cloud_is_stopped(told, keep) -> None:
    with pytest.raises(KeyboardInterrupt), local_cloud.started(quiet(), keep=keep, speed=None):
        raise KeyboardInterrupt
    assert told[-1] == "stop"


def test_an_interrupted_start_is_taken_down_again(told, monkeypatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StandIn, "start", interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        local_cloud.started(quiet(), keep=True, speed=None),
    ):
        pass
    assert told == ["stop"]


def test_a_cloud_that_does_not_start_is_one_message(told, monkeypatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise emulator.LocalCloudError("the local cloud did not start")

    monkeypatch.setattr(StandIn, "start", broken)
    with (
        pytest.raises(CommandError, match="did not start"),
        local_cloud.started(quiet(), keep=False, speed=None),
    ):
        pass


def test_deploying_bootstraps_outside_the_project_and_uses_the_assembly(told, tmp_path) -> None:
    with local_cloud.started(quiet(), keep=False, speed=None) as running:
        local_cloud.deploy(running)
    assert [name for name, _ in running.stages.done] == [
        "Start the local cloud",
        "cdk bootstrap",
        "cdk synth (the rest of it)",
        "cdk deploy --all",
        "Stop the local cloud",
    ]
    (bootstrap,) = (local_state.folder() / "calls").read_text().splitlines()
    assert bootstrap.startswith("bootstrap aws://000000000000/us-east-1 ")
    synth, deploy = (tmp_path / "calls").read_text().splitlines()
    assert synth.startswith("synth --quiet --context env=local ")
    assert deploy.startswith(
        f"deploy --all --app {local_state.folder() / 'cdk.out'} --require-approval never "
    )


def test_quotas_that_the_account_has_are_raised_for_two_models_side_by_side(told, monkeypatch) -> None:
    monkeypatch.setattr(StandIn, "quotas", {"L-BE77399C": {}, "L-AC096F71": {}, "L-CB5B847D": {}})
    with local_cloud.started(quiet(), keep=True, speed=None) as running:
        local_cloud.raise_quotas(running, 2, quiet())
    assert told[2:] == [
        {"command": "set_quota", "code": code, "value": 4} for code in ("L-AC096F71", "L-BE77399C")
    ]


def test_nothing_is_up(capsys) -> None:
    assert entry.main(["local", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"up": False}
    assert entry.main(["local", "down"]) == 0


def test_a_dataset_that_is_not_there(capsys) -> None:
    assert entry.main(["local", "run", "--dataset", "/absent"]) == 2
    assert "/absent is not a folder" in capsys.readouterr().err


def test_the_promoted_model_is_asked_through_its_pointer() -> None:
    asked: dict[str, Any] = {}

    def converse(**request: Any) -> dict[str, Any]:
        asked.update(request)
        return {"output": {"message": {"content": [{"text": "an answer"}]}}}

    turn = {"role": "user", "content": [{"text": "a question"}]}
    prompt = {"record": 0, "request": {"messages": [turn]}, "reference": "the reference", "max_tokens": 64}
    lines = fakes.FakeClient(iter_lines=lambda: iter([json.dumps(prompt).encode(), b"{}"]))
    here = fakes.surroundings(
        s3=fakes.FakeClient(get_object=lambda **_: {"Body": lines}),
        ssm=fakes.FakeClient(get_parameter=lambda Name: {"Parameter": {"Value": f"arn of {Name}"}}),  # noqa: N803
        **{"bedrock-runtime": fakes.FakeClient(converse=converse)},
    )
    answer = local_run.ask(here, run_from_item(fakes.run_item(endpoint_arn="arn:e", **fakes.FINISHED)))
    assert vars(answer) == {"prompt": "a question", "reply": "an answer", "reference": "the reference"}
    assert asked["modelId"] == "arn of /finetune/dev/haiku/model-id"
    assert asked["messages"] == [turn]
    assert asked["inferenceConfig"] == {"maxTokens": 64, "temperature": 0.0}


def test_a_dataset_without_held_out_prompts_is_not_asked() -> None:
    item = fakes.run_item(validation={"evaluation": {"records": 0}})
    assert local_run.ask(fakes.surroundings(), run_from_item(item)) is None


def test_long_answers_are_cut_in_the_middle() -> None:
    assert local_run.shorten("a\n b") == "a b"
    assert local_run.shorten("x" * 150 + "y" * 150) == f"{'x' * 100} … {'y' * 100}"
