from __future__ import annotations

import json
import os
from argparse import Namespace

import pytest

from finetune_cli import local_state, surroundings
from finetune_cli.errors import CommandError
from finetune_cli.surroundings import Surroundings, choose_environment, connect
from finetune_local.emulator import LocalCloud

from . import fakes


@pytest.mark.parametrize(
    ("given", "environ", "up", "expected"),
    [
        ("prod", {"FINETUNE_ENV": "dev"}, True, "prod"),
        (None, {"FINETUNE_ENV": "prod"}, True, "prod"),
        (None, {}, True, "local"),
        (None, {}, False, "dev"),
    ],
)
def test_which_environment(given, environ, up, expected) -> None:
    assert choose_environment(given, environ, local_is_up=up) == expected


@pytest.mark.parametrize(
    ("given", "environ", "where"), [("x", {}, "--env"), (None, {"FINETUNE_ENV": "x"}, "FINETUNE_ENV")]
)
def test_an_unknown_environment_names_its_source(given, environ, where) -> None:
    with pytest.raises(CommandError, match="no environment 'x'") as caught:
        choose_environment(given, environ, local_is_up=False)
    assert caught.value.where == where
    assert "local, dev, prod" in caught.value.do


def test_the_names_come_from_the_deployment() -> None:
    assert fakes.surroundings().names == fakes.NAMES


def test_nothing_deployed_says_how_to_deploy() -> None:
    ssm = fakes.FakeClient({"get_parameters_by_path": [{"Parameters": []}]})
    with pytest.raises(CommandError) as caught:
        _ = Surroundings(env="dev", session=None, region="us-east-1", clients={"ssm": ssm}).names
    assert "data-bucket" in caught.value.what
    assert "/finetune/dev/config/ in us-east-1" in caught.value.where
    assert "make deploy ENV=dev" in caught.value.do


def local_cloud_of(pid: int) -> None:
    """Leave the file that a local cloud's server writes."""
    local_state.folder().mkdir()
    text = json.dumps({"pid": pid, "endpoint": "https://127.0.0.1:1"})
    (local_state.folder() / local_state.READY_FILE).write_text(text)


def test_local_without_a_local_cloud() -> None:
    with pytest.raises(CommandError, match="No local cloud"):
        connect(Namespace(env="local", region=None))


def test_local_replaces_the_shells_aws_identity(monkeypatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere")
    local_cloud_of(os.getpid())
    monkeypatch.setattr(
        LocalCloud, "environment", lambda self: {"AWS_ENDPOINT_URL": "https://localhost:4566"}
    )
    here = connect(Namespace(env=None, region=None))
    assert (here.env, here.region) == ("local", "us-east-1")
    assert os.environ["AWS_ENDPOINT_URL"] == "https://localhost:4566"
    assert "AWS_PROFILE" not in os.environ


def test_a_state_file_of_a_dead_process_counts_as_none() -> None:
    local_cloud_of(2**22 + 1)
    assert local_state.read() is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x", "endpoint": ""}'])
def test_a_broken_state_file_counts_as_none(text) -> None:
    local_state.folder().mkdir()
    (local_state.folder() / local_state.READY_FILE).write_text(text)
    assert local_state.read() is None


def test_a_missing_parameter() -> None:
    def get_parameter(**_: str) -> None:
        raise fakes.FakeClient.exceptions.ParameterNotFound

    here = Surroundings(
        env="dev", session=None, region="r", clients={"ssm": fakes.FakeClient(get_parameter=get_parameter)}
    )
    with pytest.raises(CommandError, match="no parameter /finetune/dev/x/model-id"):
        here.parameter("/finetune/dev/x/model-id")


def test_regions_default_to_the_environments_own() -> None:
    assert connect(Namespace(env="dev", region=None)).region == surroundings.ENVIRONMENTS["dev"].region
    assert connect(Namespace(env="dev", region="us-west-2")).region == "us-west-2"
