"""The functions' asset: what is in it, for which machine, and when it is built anew."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from config.environments import DEV, LOCAL
from config.settings import SettingsError
from stacks.components import lambda_asset as module
from stacks.components.lambda_asset import lambda_asset
from stacks.components.slim_sdk import STAND_INS


class Pip:
    """Stands for pip: notes how it is called, and leaves behind what it would have installed."""

    def __init__(self, error: str = ""):
        self.calls: list[list[str]] = []
        self.error = error

    def __call__(self, command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        target = Path(command[command.index("--target") + 1])
        data = target / "botocore" / "data"
        for stand_in in STAND_INS:
            (target / stand_in).parent.mkdir(parents=True, exist_ok=True)
        for service in ("bedrock", "ec2"):
            (data / service).mkdir(parents=True)
        (data / "endpoints.json").write_text('{"partitions": []}')
        (target / "bin").mkdir()
        (target / "msgspec.py").write_text("")
        return subprocess.CompletedProcess(command, 1 if self.error else 0, "", self.error)


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pip:
    """A project of its own with one function, and a pip that needs no index."""
    pip = Pip()
    source = tmp_path / "lambdas" / "resolve_run"
    source.mkdir(parents=True)
    (source / "handler.py").write_text("VERSION = 1\n")
    (tmp_path / "requirements-lambda.txt").write_text("msgspec==0.22.0\n")
    here = tmp_path / "lambda_asset.py"
    here.write_text("")
    places = {
        "ROOT": tmp_path,
        "SOURCE": tmp_path / "lambdas",
        "BUILD": tmp_path / ".build",
    }
    for name, place in places.items():
        monkeypatch.setattr(module, name, place)
    monkeypatch.setattr(module, "REQUIREMENTS", tmp_path / "requirements-lambda.txt")
    monkeypatch.setattr(module.subprocess, "run", pip)
    monkeypatch.setattr(module, "BUILDERS", (here,))
    monkeypatch.setattr(module, "compiler", lambda _settings: None)
    return pip


def test_asset_holds_functions_and_packages(pip: Pip):
    asset = lambda_asset(DEV)
    assert (asset / "resolve_run" / "handler.py").read_text() == "VERSION = 1\n"
    assert (asset / "msgspec.py").exists()


def test_descriptions_of_services_that_nobody_calls_are_left_out(pip: Pip):
    data = lambda_asset(DEV) / "botocore" / "data"
    assert [service.name for service in data.iterdir() if service.is_dir()] == ["bedrock"]


def test_all_code_is_compiled_where_there_is_an_interpreter(pip: Pip, monkeypatch: pytest.MonkeyPatch):
    compiled: list[set[str]] = []

    def note(folder: Path, interpreter: str) -> None:
        assert interpreter == "python-of-the-runtime"
        compiled.append({file.name for file in folder.rglob("*.py")})

    without = lambda_asset(DEV)
    monkeypatch.setattr(module, "compiler", lambda _settings: "python-of-the-runtime")
    monkeypatch.setattr(module, "compile_folder", note)
    assert lambda_asset(DEV) != without
    assert compiled == [{"msgspec.py", *(Path(each).name for each in STAND_INS)}, {"handler.py"}]


def test_same_content_is_built_once(pip: Pip):
    assert lambda_asset(DEV) == lambda_asset(DEV)
    assert len(pip.calls) == 1


def test_changed_source_needs_no_pip(pip: Pip, tmp_path: Path):
    before = lambda_asset(DEV)
    (tmp_path / "lambdas" / "resolve_run" / "handler.py").write_text("VERSION = 2\n")
    after = lambda_asset(DEV)
    assert before != after
    assert (after / "resolve_run" / "handler.py").read_text() == "VERSION = 2\n"
    assert len(pip.calls) == 1


def test_changed_requirements_are_installed(pip: Pip, tmp_path: Path):
    lambda_asset(DEV)
    (tmp_path / "requirements-lambda.txt").write_text("msgspec==0.23.0\n")
    lambda_asset(DEV)
    assert len(pip.calls) == 2


def test_assets_that_nobody_used_for_a_day_are_removed(pip: Pip, tmp_path: Path):
    old = lambda_asset(DEV)
    os.utime(old, (0, 0))
    (tmp_path / "lambdas" / "resolve_run" / "handler.py").write_text("VERSION = 2\n")
    new = lambda_asset(DEV)
    assert (old.exists(), new.exists()) == (False, True)
    assert len(pip.calls) == 1


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_wheels_are_those_of_lambdas_linux(pip: Pip, architecture: str, machine: str):
    lambda_asset(replace(DEV, lambda_architecture=architecture))
    (command,) = pip.calls
    assert f"manylinux_2_28_{machine}" in command
    assert command[command.index("--python-version") + 1] == DEV.lambda_runtime.removeprefix("python")
    assert "--only-binary=:all:" in command


def test_old_runtime_gets_wheels_for_its_older_linux(pip: Pip):
    lambda_asset(replace(DEV, lambda_runtime="python3.11"))
    (command,) = pip.calls
    assert "manylinux2014_aarch64" in command
    assert "manylinux_2_28_aarch64" not in command


def test_local_wheels_are_this_machines(pip: Pip):
    lambda_asset(LOCAL)
    (command,) = pip.calls
    assert "--platform" not in command


def test_missing_wheels_are_explained_and_leave_nothing_half_built(pip: Pip, tmp_path: Path):
    pip.error = "no matching distribution found for msgspec"
    with pytest.raises(SettingsError, match="no matching distribution") as refusal:
        lambda_asset(DEV)
    assert "python3.14 arm64" in str(refusal.value)
    assert list((tmp_path / ".build").iterdir()) == []
