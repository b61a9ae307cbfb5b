from __future__ import annotations

import json
from pathlib import Path

import pytest

from finetune_cli import main as entry
from finetune_cli.checking import check_drop, check_reward, data_files, role_of, settings_of
from finetune_cli.drops import plan_drop
from finetune_core.errors import RunRejected

MODEL = "amazon.nova-micro-v1:0:128k"


def record(text: str) -> str:
    turns = [("user", "ask " + text), ("assistant", "say " + text)]
    messages = [{"role": role, "content": [{"text": words}]} for role, words in turns]
    return json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": messages})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "set"
    data.mkdir()
    (data / "train.jsonl").write_text("\n".join(record(str(n)) for n in range(20)) + "\n")
    return data


def test_valid_records(folder, capsys) -> None:
    assert entry.main(["validate", str(folder / "train.jsonl"), "--model", MODEL]) == 0
    out = capsys.readouterr().out
    assert out.startswith("valid for fine-tuning of ")
    assert "train.jsonl: 20 records" in out


def test_every_kind_of_fault_has_its_lines_and_an_example(folder, capsys, tmp_path) -> None:
    lines = (folder / "train.jsonl").read_text().splitlines()
    lines[2] = lines[6] = lines[7] = lines[3].replace("assistant", "asistant")
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    page = tmp_path / "out.html"
    assert entry.main(["validate", str(folder / "train.jsonl"), "--model", MODEL, "--html", str(page)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("invalid for fine-tuning")
    assert "lines 3, 7-8 (3)" in out
    assert "line 3 at $.messages[1].role: " in out
    assert "asistant" in page.read_text()


def test_a_report_as_json(folder, capsys) -> None:
    (folder / "validation.jsonl").write_text("{\n")
    files = [str(folder / name) for name in ("validation.jsonl", "train.jsonl")]
    assert entry.main(["validate", *files, "--model", MODEL, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["valid"] is False
    assert [file["role"] for file in report["files"]] == ["train", "validation"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "amazon.nova-mikro-v1:0"], "Did you mean amazon.nova-micro"),
        (["--model", MODEL, "--type", "continued-pre-training"], "does not offer CONTINUED_PRE_TRAINING"),
    ],
)
def test_a_model_that_cannot_be_checked_for(folder, capsys, options, says) -> None:
    assert entry.main(["validate", str(folder / "train.jsonl"), *options]) == 2
    assert says in capsys.readouterr().err


def test_two_files_of_one_role(folder, capsys) -> None:
    (folder / "more.jsonl").write_text("{}\n")
    files = [str(folder / "train.jsonl"), str(folder / "more.jsonl")]
    assert entry.main(["validate", *files, "--model", MODEL]) == 2
    assert "both look like the train file" in capsys.readouterr().err
    assert entry.main(["validate", *files, "--model", MODEL, "--role", "train"]) == 2


@pytest.mark.parametrize(
    ("name", "role"), [("train.jsonl", "train"), ("validation-2.jsonl", "validation"), ("x.jsonl", "train")]
)
def test_the_role_is_in_the_name(name, role) -> None:
    assert role_of(Path(name)) == role


def test_submitting_invalid_data_uploads_nothing(folder, capsys) -> None:
    (folder / "train.jsonl").write_text("not json\n")
    assert entry.main(["submit", str(folder), "--model", MODEL]) == 1
    captured = capsys.readouterr()
    assert "Nothing was uploaded" in captured.err
    assert "invalid for fine-tuning" in captured.out


def test_only_what_a_run_reads_is_checked(folder) -> None:
    for name in ("notes.jsonl", "validation.jsonl"):
        (folder / name).write_text(record("x") + "\n")
    found = data_files(plan_drop(folder, dataset="", settings={}, corpus=False))
    assert found == {"train": [folder / "train.jsonl"], "validation": [folder / "validation.jsonl"]}


def test_settings_are_the_environments_with_run_json_over_them(folder) -> None:
    drop = plan_drop(folder, dataset="", settings={"serving": "none"}, corpus=False)
    assert settings_of(drop, "dev").serving == "none"
    assert settings_of(drop, "dev").base_model == settings_of(drop, "local").base_model
    (folder / "run.json").write_text('{"servin": "none"}')
    with pytest.raises(RunRejected, match='mean "serving"'):
        settings_of(plan_drop(folder, dataset="", settings={}, corpus=False), "dev")


def test_all_texts_of_a_corpus_are_checked_as_one(tmp_path) -> None:
    for name in ("a", "b"):
        lines = [json.dumps({"input": f"{name} text number {n}"}) for n in range(10)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    options = {"base_model": "amazon.titan-text-express-v1:0:8k"}
    drop = plan_drop(tmp_path, dataset="c", settings=options, corpus=True)
    settings = settings_of(drop, "local")
    assert settings.customization_type == "CONTINUED_PRE_TRAINING"
    report = check_drop(drop, settings)
    assert report is not None
    assert (report.records, report.errors) == (20, 0)


@pytest.mark.parametrize(
    ("env", "source", "says"),
    [
        ("prod", "def lambda_handler(event, context): ...\n", "runs no dropped code"),
        ("dev", "def lambda_handler(event, context):\n    retrun 1\n", "reward.py line 2"),
        ("dev", None, "needs a reward function"),
    ],
)
def test_submitting_a_reward_that_cannot_be_uploads_nothing(folder, capsys, env, source, says) -> None:
    if source:
        (folder / "reward.py").write_text(source)
    line = [
        "submit",
        str(folder),
        "--model",
        "amazon.nova-2-lite-v1:0",
        "--type",
        "reinforcement-fine-tuning",
    ]
    assert entry.main([*line, "--env", env]) != 0
    assert says in capsys.readouterr().err


def test_reward_py_is_part_of_the_drop() -> None:
    folder = Path(__file__).parents[3] / "examples" / "reinforcement"
    drop = plan_drop(folder, dataset="", settings={}, corpus=False)
    check_reward(drop, settings_of(drop, "dev"), "dev")
    keys = [each.key for each in drop.uploads]
    assert "datasets/reinforcement/reward.py" in keys
    assert keys.index("datasets/reinforcement/reward.py") < keys.index("datasets/reinforcement/train.jsonl")
    assert set(data_files(drop)) == {"train", "evaluation"}
