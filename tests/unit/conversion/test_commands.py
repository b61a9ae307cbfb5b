"""`finetune convert` and `finetune split` as a person runs them."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pytest

from finetune_cli.main import main

NOVA = "amazon.nova-lite-v1:0"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pairs(count: int, start: int = 0) -> str:
    words = [
        "amber",
        "birch",
        "cedar",
        "dune",
        "elm",
        "fern",
        "grove",
        "heath",
        "iris",
        "jade",
        "kelp",
        "larch",
        "moss",
        "north",
        "oak",
        "pine",
        "quartz",
        "reed",
    ]
    rows = []
    for n in range(start, start + count):
        said = " ".join(words[(n * step + n // 7) % len(words)] for step in (1, 3, 5, 7, 11)) + f" {n}"
        rows.append(json.dumps({"prompt": f"Tell {said}", "completion": f"It is {n * n} and {said}"}))
    return "\n".join(rows) + "\n"


def converse(path: Path, count: int, start: int = 0) -> Path:
    lines = []
    for line in pairs(count, start).splitlines():
        row = json.loads(line)
        turns = [("user", row["prompt"]), ("assistant", row["completion"])]
        lines.append(
            json.dumps({"messages": [{"role": role, "content": [{"text": text}]} for role, text in turns]})
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def test_convert_writes_here_under_the_formats_name_and_validates(tmp_path, capsys) -> None:
    (tmp_path / "data").mkdir()
    source = tmp_path / "data" / "my.csv"
    source.write_text("question,answer\n" + "".join(f"What is {n}?,It is {n}\n" for n in range(10)))
    assert main(["convert", str(source), "--model", NOVA]) == 0
    said = capsys.readouterr().out
    assert len(Path("my.converse.jsonl").read_text().splitlines()) == 10
    assert "Nothing was lost or changed." in said
    assert "valid for fine-tuning of Amazon Nova Lite" in said
    assert not Path("my.converse.jsonl.losses.jsonl").exists()


def test_convert_tells_losses_with_examples_and_as_json(tmp_path, capsys) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(pairs(9) + '{"id": 3, "prompt": "a", "completion": "b"}\n{"a": 1}\nnot json\n')
    assert main(["convert", str(source), "--model", NOVA, "--json", "--out", "out.jsonl"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["records"] == {"read": 12, "written": 10, "dropped": 2}
    assert {loss["kind"]: (loss["effect"], loss["count"]) for loss in report["losses"]} == {
        "unknown-format": ("dropped", 1),
        "broken-json": ("dropped", 1),
        "key": ("lost", 1),
    }
    assert report["verdict"]["valid"] is True
    lines = [json.loads(line) for line in Path(report["losses_file"]).read_text().splitlines()]
    assert [(each["line"], each["kind"]) for each in lines] == [
        (10, "key"),
        (11, "unknown-format"),
        (12, "broken-json"),
    ]
    assert main(["convert", str(source), "--model", NOVA, "--out", "out.jsonl"]) == 0
    said = capsys.readouterr().out
    assert "2 records left out" in said
    assert "line 11, $  keys: a" in said


def test_losses_of_an_earlier_conversion_do_not_stay(tmp_path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"a": 1}\n' + pairs(9))
    assert main(["convert", str(source), "--model", NOVA, "--out", "o.jsonl"]) == 0
    assert Path("o.jsonl.losses.jsonl").exists()
    source.write_text(pairs(9))
    assert main(["convert", str(source), "--model", NOVA, "--out", "o.jsonl"]) == 0
    assert not Path("o.jsonl.losses.jsonl").exists()


def test_convert_says_no_when_nothing_could_be_converted_or_the_result_is_invalid(tmp_path, capsys) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "words"}\n')
    assert main(["convert", str(source), "--model", NOVA, "--out", "o.jsonl"]) == 1
    assert "continued-pre-training" in capsys.readouterr().out
    assert not Path("o.jsonl").exists()
    source.write_text(pairs(1))
    assert main(["convert", str(source), "--model", NOVA, "--out", "o.jsonl"]) == 1
    assert "too_few_records" in capsys.readouterr().out


WRONG = {
    "model": (["--model", "amazon.nova-light-v1:0"], "amazon.nova-lite-v1:0:300k"),
    "type": (["--model", NOVA, "--type", "continued-pre-training"], "amazon.titan-text-lite-v1:0:4k"),
    "format": (["--model", NOVA, "--to", "messages"], "--to"),
    "same file": (["--model", NOVA, "--out", "in.jsonl"], "--out"),
    "folder": (["--model", NOVA, "--out", "nowhere/o.jsonl"], "nowhere"),
    "prefix": (["--model", NOVA, "--media-prefix", "s3://b/with space"], "s3://BUCKET/PREFIX"),
}


@pytest.mark.parametrize(("options", "named"), WRONG.values(), ids=WRONG)
def test_wrong_usage_of_convert_exits_2_and_says_what_to_do(tmp_path, capsys, options, named) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(pairs(9))
    assert main(["convert", str(source), *options]) == 2
    assert named in capsys.readouterr().err
    assert source.read_text() == pairs(9)


def test_split_keeps_every_record_once_and_validates(tmp_path, capsys) -> None:
    source = converse(tmp_path / "all.jsonl", 400)
    assert main(["split", str(source), "--model", NOVA, "--out", "d", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    parts = {
        name: Path("d", f"{name}.jsonl").read_text().splitlines()
        for name in ("train", "validation", "evaluation")
    }
    assert {name: len(lines) for name, lines in parts.items()} == report["records"]
    assert sorted(chain.from_iterable(parts.values())) == sorted(source.read_text().splitlines())
    assert report["records"]["evaluation"] == 50
    assert report["records"]["validation"] == 40
    assert report["verdict"]["valid"] is True


def test_split_keeps_near_copies_on_one_side(tmp_path, capsys) -> None:
    source = converse(tmp_path / "all.jsonl", 300)
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    long = " ".join(f"word{n}" for n in range(60))
    for n, row in enumerate(rows):  # every fifth differs from the one before it in letter case alone
        row["messages"][0]["content"][0]["text"] = (
            f"{n - n % 5} {long.upper() if n % 5 else long} {n - n % 5} end {n - n % 5}"
        )
        row["messages"][1]["content"][0]["text"] = (
            f"Answer {n - n % 5} of {'THE' if n % 2 else 'the'} group {n - n % 5}"
        )
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["split", str(source), "--model", NOVA, "--out", "d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["near_duplicates"] == {
        "compared": True,
        "groups": 60,
        "records": 300,
    }
    sides: dict[str, set[str]] = {}
    for side in ("train", "validation", "evaluation"):
        for line in Path("d", f"{side}.jsonl").read_text().splitlines():
            answer = json.loads(line)["messages"][1]["content"][0]["text"].casefold()
            sides.setdefault(answer, set()).add(side)
    assert len(sides) == 60
    assert all(len(found) == 1 for found in sides.values())


def test_split_hardly_moves_when_data_is_added(tmp_path) -> None:
    first = converse(tmp_path / "a.jsonl", 400)
    more = converse(tmp_path / "b.jsonl", 440)
    for source, folder in ((first, "a"), (more, "b")):
        assert main(["split", str(source), "--model", NOVA, "--out", folder]) == 0
    side = {
        folder: {
            line: name
            for name in ("train", "validation", "evaluation")
            for line in Path(folder, f"{name}.jsonl").read_text().splitlines()
        }
        for folder in ("a", "b")
    }
    moved = [line for line, name in side["a"].items() if side["b"][line] != name]
    assert len(moved) <= 20
    assert all("train" in (side["a"][line], side["b"][line]) for line in moved)


def test_split_does_not_overwrite_unasked_and_never_its_input(tmp_path, capsys) -> None:
    source = converse(tmp_path / "train.jsonl", 100)
    before = source.read_text()
    assert main(["split", str(source), "--model", NOVA, "--out", str(tmp_path), "--force"]) == 2
    assert source.read_text() == before
    assert main(["split", str(source), "--model", NOVA, "--out", "d"]) == 0
    assert main(["split", str(source), "--model", NOVA, "--out", "d"]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["split", str(source), "--model", NOVA, "--out", "d", "--force", "--validation", "0"]) == 0
    assert not Path("d", "validation.jsonl").exists()


def test_split_of_records_that_the_model_does_not_take_says_so(tmp_path, capsys) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(pairs(100))
    assert main(["split", str(source), "--model", NOVA, "--out", "d"]) == 1
    assert "wrong_format" in capsys.readouterr().out


def test_split_of_an_empty_file_is_invalid(tmp_path, capsys) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("\n")
    assert main(["split", str(source), "--model", NOVA, "--out", "d"]) == 1
    assert "empty_file" in capsys.readouterr().out


def test_a_file_that_breaks_off_leaves_nothing_behind(tmp_path, capsys) -> None:
    source = tmp_path / "in.json"
    source.write_text('[{"a": 1}, {"prompt": "a", "completion": "b"}, {"prompt"')
    assert main(["convert", str(source), "--model", NOVA, "--out", "o.jsonl"]) == 2
    assert "line 1" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.json"]


def test_a_key_given_twice_is_a_loss(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.jsonl").write_text('{"prompt": "a", "prompt": "b", "completion": "c"}\n' + pairs(12))
    main(["convert", "in.jsonl", "--model", NOVA, "--out", "out.jsonl", "--json"])
    (loss,) = [
        loss for loss in json.loads(capsys.readouterr().out)["losses"] if loss["kind"] == "repeated-key"
    ]
    assert (loss["effect"], loss["count"], loss["examples"][0]["value"]) == ("lost", 1, "prompt")
