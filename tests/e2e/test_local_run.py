"""What `make run` does, as a newcomer sees it: from nothing to a model that answers, and all gone after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SHARED = ("app.py", "cdk.json", "config", "stacks", "lambdas", "src", "examples", "node_modules", ".build")
FILES = ("package-lock.json", "requirements.txt", "requirements-lambda.txt")


@pytest.fixture
def project(tmp_path):
    """Give a checkout with a `.local` of its own, so that nobody's running local cloud is met."""
    (ROOT / ".build").mkdir(exist_ok=True)
    for name in (*SHARED, *FILES):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def _finetune(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("src", "lambdas", "."))
    return subprocess.run(
        [sys.executable, "-m", "finetune_cli.main", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_an_example_is_promoted_answers_and_leaves_nothing_running(project):
    ended = _finetune(project, "local", "run", "--dataset", "examples/instruction-single-turn", "--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["run"]["status"] == "PROMOTED"
    losses = told["run"]["training"]["validation_loss"]
    assert losses["last"] < losses["first"]
    assert told["answer"]["reply"]
    assert "<svg" in Path(told["report"]).read_text(encoding="utf-8")
    assert not (project / ".local" / "server.json").exists()


def test_a_folder_without_training_data_is_refused_before_anything_starts(project):
    (project / "empty").mkdir()
    ended = _finetune(project, "local", "run", "--dataset", "empty")
    assert ended.returncode == 2
    assert "train.jsonl" in ended.stderr
    assert not (project / ".local").exists()
