"""The functions' bytecode: made by the right interpreter, used whatever the time of its source."""

import filecmp
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk.assertions import Annotations, Match

from config.environments import DEV, LOCAL
from config.settings import SettingsError
from stacks import build as build_module
from stacks.build import build
from stacks.components import bytecode
from stacks.components.bytecode import compile_folder, compiler
from tests.infrastructure.synthesis import make_app

MINE = f"python{sys.version_info.major}.{sys.version_info.minor}"


def module(folder: Path, text: str) -> Path:
    file = folder / "thing.py"
    file.write_text(text)
    return file


def value(folder: Path) -> str:
    code = "import thing; print(thing.VALUE)"
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_bytecode_is_used_whatever_the_sources_time(tmp_path: Path):
    file = module(tmp_path, "VALUE = 1\n")
    compile_folder(tmp_path, sys.executable)
    module(tmp_path, "VALUE = 2\n")
    os.utime(file, (315532800, 315532800))  # what is in a zip file of the CDK is of 1980
    assert value(tmp_path) == "1"


def test_the_same_source_gives_the_same_bytes_in_any_folder(tmp_path: Path):
    files = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        module(folder, "VALUE = {'x', 'y'} & {'y'}\n\ndef f(): return __file__\n")
        compile_folder(folder, sys.executable)
        files += list(folder.rglob("*.pyc"))
    assert len(files) == 2
    assert filecmp.cmp(*files, shallow=False)


def test_a_module_that_does_not_compile_is_named(tmp_path: Path):
    module(tmp_path, "VALUE = (\n")
    with pytest.raises(SettingsError, match=r"(?s)does not compile .*thing\.py.*lambda_runtime"):
        compile_folder(tmp_path, sys.executable)


def test_this_interpreter_compiles_for_its_own_version():
    assert compiler(replace(DEV, lambda_runtime=MINE)) == sys.executable
    assert compiler(LOCAL) == sys.executable


@pytest.mark.parametrize(
    ("script", "usable"),
    [
        ("echo python3.19", True),
        ("echo 'python3.19: command not found' >&2; exit 127", False),  # a version manager's empty name
        ("echo python3.20", False),
        (None, False),
    ],
)
def test_another_version_is_looked_for_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, usable: bool
):
    other = tmp_path / "python3.19"
    if script:
        other.write_text(f"#!/bin/sh\n{script}\n")
        other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    bytecode._on_the_path.cache_clear()
    found = compiler(replace(DEV, lambda_runtime="python3.19"))
    bytecode._on_the_path.cache_clear()
    assert found == (str(other) if usable else None)


@pytest.mark.parametrize("interpreter", [None, sys.executable])
def test_a_deploy_without_bytecode_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreter: str | None
):
    monkeypatch.setattr(build_module, "compiler", lambda _settings: interpreter)
    code = tmp_path / "code"
    code.mkdir()
    stacks = build(make_app(tmp_path / "out"), settings=DEV, code_folder=code)
    words = Match.string_like_regexp(r"no python3\.14 on this machine.*lambda_runtime")
    found = Annotations.from_stack(stacks.pipeline).find_info("*", words)
    assert len(found) == (0 if interpreter else 1)
