from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from finetune_cli.drops import plan_drop, send
from finetune_cli.errors import CommandError
from finetune_core.errors import RunRejected

from . import fakes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "My Haiku Set"
    data.mkdir()
    for name in ("train.jsonl", "validation.jsonl", "evaluation.jsonl", "zebra.png", ".notes"):
        (data / name).write_text("{}\n")
    return data


def plan(folder: Path, **options: Any):
    return plan_drop(folder, **{"dataset": "", "settings": {}, "corpus": False, **options})


def test_what_starts_the_run_comes_last(folder) -> None:
    drop = plan(folder)
    assert [upload.key for upload in drop.uploads] == [
        f"datasets/my-haiku-set/{name}"
        for name in ("evaluation.jsonl", "validation.jsonl", "zebra.png", "train.jsonl", "run.json")
    ]
    assert drop.uploads[-1].body == b"{}\n"


def test_options_are_laid_over_the_folders_run_json(folder) -> None:
    (folder / "run.json").write_text('{"serving": "none", "model_units": 2}')
    untouched = plan(folder).uploads[-1]
    assert untouched.path == folder / "run.json"
    changed = plan(folder, settings={"serving": "on_demand"}, dataset="Other Name")
    assert json.loads(changed.uploads[-1].body) == {"serving": "on_demand", "model_units": 2}
    assert changed.dataset == "other-name"


@pytest.mark.parametrize(("text", "says"), [("{", "not JSON"), ("[]", "JSON object")])
def test_a_broken_run_json_under_options(folder, text, says) -> None:
    (folder / "run.json").write_text(text)
    with pytest.raises(CommandError, match=says):
        plan(folder, settings={"serving": "none"})


def test_no_training_data_names_what_is_there(folder) -> None:
    (folder / "train.jsonl").rename(folder / "training.jsonl")
    with pytest.raises(CommandError, match=r"no train\.jsonl \(found: .*training\.jsonl"):
        plan(folder)


def test_not_a_folder(tmp_path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        plan(tmp_path / "absent")


def test_a_name_that_bedrock_refuses(folder) -> None:
    (folder / "a b.png").write_text("")
    with pytest.raises(RunRejected, match="space"):
        plan(folder)


def test_a_corpus_is_its_texts(folder) -> None:
    texts = [f"corpora/my-haiku-set/{name}.jsonl" for name in ("evaluation", "train", "validation")]
    drop = plan(folder, corpus=True)
    assert drop.collection == "corpora"
    assert [upload.key for upload in drop.uploads] == texts
    started = plan(folder, corpus=True, settings={"serving": "none"})
    assert [upload.key for upload in started.uploads] == [*texts, "corpora/my-haiku-set/run.json"]


def test_an_empty_corpus(tmp_path) -> None:
    with pytest.raises(CommandError, match=r"no \.jsonl file"):
        plan(tmp_path, corpus=True)


def test_sending_keeps_the_order_and_the_versions(folder) -> None:
    sent: list[str] = []

    def put_object(Key: str, **_: Any) -> dict[str, str]:  # noqa: N803
        sent.append(Key)
        return {"VersionId": "last"}

    s3 = fakes.FakeClient(
        put_object=put_object,
        upload_file=lambda path, bucket, key, **_: sent.append(key),
        head_object=lambda Key, **_: {"VersionId": f"v{len(sent)}"},  # noqa: N803
    )
    dropped = send(fakes.surroundings(s3=s3), plan(folder))
    assert sent == [upload.key for upload in dropped.drop.uploads]
    assert list(dropped.versions.values()) == ["v1", "v2", "v3", "v4", "last"]
    assert dropped.as_dict()["files"][-1] == {
        "key": "datasets/my-haiku-set/run.json",
        "bytes": 3,
        "version_id": "last",
    }


def test_the_placeholder_of_the_data_bucket_is_filled_in(folder) -> None:
    line = '{"image-ref": "s3://your-data-bucket/datasets/a/cat.png", "caption": "a cat"}\n'
    (folder / "train.jsonl").write_text(line * 3)
    stored: dict[str, bytes] = {}

    def put_object(Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, str]:  # noqa: N803
        stored[Key] = Body.replace(f"s3://{Bucket}/".encode(), b"s3://BUCKET/")
        return {"VersionId": "1"}

    s3 = fakes.FakeClient(
        put_object=put_object,
        upload_file=lambda *_, **__: None,
        head_object=lambda **_: {"VersionId": "1"},
    )
    send(fakes.surroundings(s3=s3), plan(folder))
    assert (
        stored["datasets/my-haiku-set/train.jsonl"]
        == (line * 3).replace("your-data-bucket", "BUCKET").encode()
    )
