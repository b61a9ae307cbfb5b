"""`finetune estimate`: the pipeline's figures without AWS."""

import json
from pathlib import Path

import pytest

from finetune_cli.main import main
from tests.integration.pipeline import data

EXAMPLES = Path(__file__).parents[3] / "examples"
MICRO = "amazon.nova-micro-v1:0:128k"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.jsonl").write_bytes(data.single_turn())
    return tmp_path


def estimated(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, dict]:
    code = main(["estimate", *line, "--json", "--env", "dev"])
    return code, json.loads(capsys.readouterr().out)


def test_tokens_epochs_and_items_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = estimated(capsys, str(folder), "--model", MICRO, "--serving", "on_demand")
    assert code == 0
    assert sum(found["counts"].values()) == 120
    tokens, price = found["tokens"], found["price"]
    assert 0 < tokens["low"] < tokens["expected"] < tokens["high"]
    training = price["items"][0]
    assert training["expected"] == pytest.approx(
        tokens["expected"] * found["epochs"] / 1000 * 0.001, abs=1e-4
    )
    assert [item["name"] for item in price["items"]][-1] == "Evaluation, candidate"
    assert "Price List API as quoted by a user (2026-08-02): storage" in price["source"]


def test_above_the_ceiling_the_answer_is_no(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "run.json").write_text(json.dumps({"budget_usd": 1, "serving": "provisioned_throughput"}))
    code, found = estimated(capsys, str(folder), "--model", MICRO)
    assert code == 1
    assert found["price"]["expected"] > 1


def test_a_model_that_the_catalogue_does_not_know(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(folder), "--model", "amazon.nova-macro-v1:0", "--env", "dev"]) == 2
    assert "no model" in capsys.readouterr().err


def test_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(folder), "--model", MICRO, "--env", "dev"]) == 0
    told = capsys.readouterr().out
    assert "tokens an epoch" in told
    assert "total" in told


def test_image_captions_are_split_and_priced_as_in_the_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = estimated(capsys, str(EXAMPLES / "image-captions"))
    assert code == 0
    assert found["counts"] == {"train": 1060, "validation": 0, "evaluation": 200}
    (evaluation,) = [item for item in found["price"]["items"] if item["name"].startswith("Evaluation")]
    assert "200 images" in evaluation["note"]


def test_a_distillation_pays_for_its_teachers_answers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"type": "distillation", "teacher_model": "amazon.nova-pro-v1:0", "serving": "on_demand"}
    (folder / "run.json").write_text(json.dumps(settings))
    code, found = estimated(capsys, str(folder), "--model", MICRO)
    assert code == 0
    teacher = found["price"]["items"][0]
    assert teacher["name"] == "Teacher's answers"
    assert teacher["quantity"] == found["counts"]["train"]


def test_a_reinforcement_is_priced_by_its_hours(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = estimated(capsys, str(EXAMPLES / "reinforcement"), "--type", "reinforcement-fine-tuning")
    assert code == 0
    assert found["counts"] == {"train": 216, "validation": 24, "evaluation": 60}
    training = found["price"]["items"][0]
    assert (training["unit"], training["quantity"]) == ("hours", 4.0)
    assert (training["low"], training["expected"], training["high"]) == (10.0, 242.0, 6000.0)
    assert "price unknown" in training["note"]
