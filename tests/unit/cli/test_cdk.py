from __future__ import annotations

import stat
from pathlib import Path

import pytest

from finetune_cli.cdk import Assembly, Cdk, event_words, fingerprint
from finetune_cli.errors import CommandError

EVENT = "Finetune-local-Storage |  3/20 | 10:00:00 AM | CREATE_COMPLETE | AWS::S3::Bucket | Data (X1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app.py", "cdk.json", "stacks/a.py", "node_modules/.bin/cdk"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def script(project: Path, text: str) -> Cdk:
    program = project / "node_modules" / ".bin" / "cdk"
    program.write_text("#!/bin/sh\n" + text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Cdk(project, {"AWS_ENDPOINT_URL": "https://localhost:1"}, project / "logs" / "cdk.log")


def test_what_the_cli_prints_is_logged_and_told(project) -> None:
    told: list[str] = []
    cdk = script(project, f"echo '{EVENT.strip()}'; echo $AWS_ENDPOINT_URL $AWS_PROFILE $1; pwd")
    cdk.run("deploy", tell=told.append)
    assert told == ["Finetune-local-Storage 3/20 AWS::S3::Bucket"]
    assert cdk.log.read_text().splitlines()[1:] == ["https://localhost:1 deploy", str(project)]


def test_the_shells_profile_does_not_reach_the_local_cloud(project, monkeypatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    cdk = script(project, "echo profile=$AWS_PROFILE")
    cdk.run("deploy", tell=print)
    assert cdk.log.read_text() == "profile=\n"


def test_a_failure_shows_the_last_lines_and_the_log(project) -> None:
    cdk = script(project, "seq 1 30; echo it broke >&2; exit 3")
    with pytest.raises(CommandError, match=r"exit code 3:(.|\n)*30\n.*it broke") as caught:
        cdk.run("deploy", tell=print)
    assert "\n    10\n" not in caught.value.what
    assert caught.value.where == str(cdk.log)


def test_an_absent_cli_says_make_setup(tmp_path) -> None:
    with pytest.raises(CommandError) as caught:
        Cdk(tmp_path, {}, tmp_path / "log").run("deploy", tell=print)
    assert "make setup" in caught.value.do


@pytest.mark.parametrize(
    ("line", "words"), [(EVENT, "Finetune-local-Storage 3/20 AWS::S3::Bucket"), ("hello | you\n", "")]
)
def test_event_lines(line, words) -> None:
    assert event_words(line) == words


def test_the_fingerprint_follows_sources_alone(project) -> None:
    before = fingerprint(project)
    (project / "README.md").write_text("x")
    (project / "stacks" / "__pycache__").mkdir()
    (project / "stacks" / "__pycache__" / "a.pyc").write_text("x")
    assert fingerprint(project) == before
    (project / "stacks" / "a.py").write_text("x")
    changed = fingerprint(project)
    assert changed != before
    (project / "stacks" / "a.py").rename(project / "stacks" / "b.py")
    assert fingerprint(project) != changed


def test_an_assembly_is_made_anew_only_when_a_source_changed(project) -> None:
    cdk = script(project, 'echo run >> runs; mkdir -p out; echo "$@" > out/manifest.json')
    assembly = Assembly(cdk, project / "out")
    for _ in range(2):
        assembly.synthesise("local", print)
    assert (project / "runs").read_text() == "run\n"
    assert "--context env=local" in (project / "out" / "manifest.json").read_text()
    (project / "app.py").write_text("changed")
    assembly.synthesise("local", print)
    assert (project / "runs").read_text() == "run\n" * 2


def test_a_failed_synthesis_is_not_taken_for_fresh(project) -> None:
    assembly = Assembly(script(project, "mkdir -p out; echo > out/manifest.json; exit 1"), project / "out")
    with pytest.raises(CommandError):
        assembly.synthesise("local", print)
    assert not assembly.is_fresh()
