"""Validation: from pinned versions to prepared parts and reports."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from finetune_core.errors import DatasetInvalid
from tests.unit.functions.aws import FakeAws
from tests.unit.functions.samples import RUN_ID, plan, preflight, settings

Call = Callable[..., dict[str, Any]]


def record(number: int) -> bytes:
    value = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Answer."}],
        "messages": [
            {"role": "user", "content": [{"text": f"question {number}"}]},
            {"role": "assistant", "content": [{"text": f"answer {number}"}]},
        ],
    }
    return json.dumps(value).encode() + b"\n"


def pin(aws: FakeAws, *, collection: str = "datasets", **files: bytes) -> None:
    pinned = []
    for name, body in files.items():
        role = name.split("_")[0]
        key = f"{collection}/banking-qa/{name}.jsonl"
        version = aws.s3.put("data-bucket", key, body)
        pinned.append(
            {"role": role, "bucket": "data-bucket", "key": key, "version_id": version, "bytes": len(body)}
        )
    inputs = {
        "run_id": RUN_ID,
        "dataset": "banking-qa",
        "collection": collection,
        "files": pinned,
        "settings": settings(),
    }
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/inputs.json", json.dumps(inputs).encode())


def lines(aws: FakeAws, bucket: str, key: str) -> list[Any]:
    return [json.loads(line) for line in aws.s3.text(bucket, key).splitlines()]


def run(call: Call, **changes: Any) -> dict[str, Any]:
    chosen = settings(evaluation_records=10, validation_fraction=0.2)
    return call("validate_dataset", {"plan": plan(settings=chosen), "preflight": preflight(**changes)})


def test_splits_train_into_three_parts_without_losing_a_record(aws: FakeAws, call: Call) -> None:
    whole = b"".join(record(number) for number in range(100))
    pin(aws, train=whole)
    found = run(call)
    assert found["counts"] == {"train": 70, "validation": 20, "evaluation": 10}
    train = lines(aws, "data-bucket", f"prepared/{RUN_ID}/train.jsonl")
    validation = lines(aws, "data-bucket", f"prepared/{RUN_ID}/validation.jsonl")
    prompts = lines(aws, "artifacts-bucket", found["evaluation"]["key"])
    answers = {entry["messages"][1]["content"][0]["text"] for entry in train + validation}
    assert answers | {prompt["reference"] for prompt in prompts} == {f"answer {n}" for n in range(100)}
    assert found["evaluation"]["shards"] == [{"from": 0, "to": 10}]
    assert [prompt["record"] for prompt in prompts] == list(range(10))
    assert found["train_uri"] == f"s3://data-bucket/prepared/{RUN_ID}/train.jsonl"
    assert 0 < found["tokens"]["low"] < found["tokens"]["expected"] < found["tokens"]["high"]


def test_near_duplicates_stay_on_one_side(aws: FakeAws, call: Call) -> None:
    """Forty questions, each asked in three ways that differ in one word of sixty."""
    asked = [" ".join(f"word{number}x{place}" for place in range(60)) for number in range(40)]
    texts = [f"{text} {end}" for text in asked for end in ("please", "now", "again")]
    pin(aws, train=b"".join(record(0).replace(b"question 0", text.encode()) for text in texts))
    found = run(call)
    train = aws.s3.text("data-bucket", f"prepared/{RUN_ID}/train.jsonl")
    validation = aws.s3.text("data-bucket", f"prepared/{RUN_ID}/validation.jsonl")
    evaluation = aws.s3.text("artifacts-bucket", found["evaluation"]["key"])
    sides = (train, validation, evaluation)
    assert all(sum(text in side for side in sides) == 1 for text in asked)
    assert all(side.count("word") for side in sides)
    counts = found["counts"]
    assert [counts["train"], counts["validation"], counts["evaluation"]] == [
        sum(text in line for text in asked for line in side.splitlines()) for side in sides
    ]


def test_the_users_own_files_are_used_as_they_are(aws: FakeAws, call: Call) -> None:
    pin(
        aws,
        train=b"".join(record(number) for number in range(20)),
        validation=b"".join(record(number) for number in range(100, 109)),
        evaluation=b"".join(record(number) for number in range(200, 230)),
    )
    found = run(call)
    assert found["counts"] == {"train": 20, "validation": 9, "evaluation": 30}
    assert found["evaluation"]["shards"] == [{"from": 0, "to": 25}, {"from": 25, "to": 30}]


def test_a_model_without_validation_gets_none_and_is_asked_the_users_file(aws: FakeAws, call: Call) -> None:
    pin(
        aws,
        train=b"".join(record(number) for number in range(20)),
        validation=b"".join(record(number) for number in range(100, 109)),
    )
    found = run(call, takes_validation=False)
    assert found["validation_uri"] is None
    assert found["counts"] == {"train": 20, "validation": 0, "evaluation": 9}
    assert f"prepared/{RUN_ID}/validation.jsonl" not in aws.s3.keys("data-bucket")


def test_faults_are_told_by_line_and_the_report_is_written_first(aws: FakeAws, call: Call) -> None:
    bad = json.loads(record(3)) | {"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}
    body = b"".join(record(number) for number in range(10)) + json.dumps(bad).encode() + b"\n{broken\n"
    pin(aws, train=body)
    with pytest.raises(DatasetInvalid, match=r"train\.jsonl line 1[12]") as caught:
        run(call)
    assert "validation.html" in str(caught.value)
    report = json.loads(aws.s3.text("artifacts-bucket", f"runs/{RUN_ID}/validation.json"))
    assert {fault["line"] for fault in report["faults"] if fault["severity"] == "error"} == {11, 12}
    assert not [key for key in aws.s3.keys("data-bucket") if key.startswith("prepared/")]


def test_large_files_are_read_in_ranges_of_the_pinned_version(aws: FakeAws, call: Call) -> None:
    body = b"".join(record(number) for number in range(9000))
    assert len(body) > 1024 * 1024
    pin(aws, train=body)
    aws.s3.put("data-bucket", "datasets/banking-qa/train.jsonl", b"newer, unpinned")
    assert sum(run(call)["counts"].values()) == 9000
    ranges = [params.get("Range", "") for params in aws.made("s3:GetObject") if "VersionId" in params]
    assert ranges[:2] == ["bytes=0-1048575", f"bytes=1048576-{len(body) - 1}"]


def test_a_corpus_is_trained_on_as_one_file(aws: FakeAws, call: Call) -> None:
    first = b"".join(b'{"input": "text %d of a manual that goes on for a while"}\n' % n for n in range(30))
    pin(aws, collection="corpora", train_a=first, train_b=first.replace(b"manual", b"book").rstrip(b"\n"))
    found = run(
        call,
        base_model_id="amazon.titan-text-express-v1:0:8k",
        customization_type="CONTINUED_PRE_TRAINING",
        record_format="input",
    )
    assert found["format"] == "input"
    assert found["counts"]["train"] + found["counts"]["validation"] + found["counts"]["evaluation"] == 60
    assert found["faults"].get("blank_line", 0) == 0


def test_captions_of_one_image_cannot_be_parted(aws: FakeAws, call: Call) -> None:
    body = b"".join(
        b'{"image-ref": "s3://data-bucket/datasets/a/cat.png", "caption": "a cat number %d"}\n' % n
        for n in range(1200)
    )
    size = (256).to_bytes(4, "big") * 2
    aws.s3.put("data-bucket", "datasets/a/cat.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + size)
    pin(aws, train=body)
    found = run(
        call,
        base_model_id="amazon.titan-embed-image-v1:0",
        record_format="image-caption",
        takes_validation=False,
    )
    assert found["counts"] == {"train": 1200, "validation": 0, "evaluation": 0}
    assert found["evaluation"]["shards"] == []


def test_held_out_images_are_unseen_in_training_and_pinned(aws: FakeAws, call: Call) -> None:
    size = (256).to_bytes(4, "big") * 2
    for image in range(300):
        aws.s3.put("data-bucket", f"datasets/a/{image}.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + size)
    pin(
        aws,
        train=b"".join(
            b'{"image-ref": "s3://data-bucket/datasets/a/%d.png", "caption": "view %d of it"}\n'
            % (n % 300, n)
            for n in range(1500)
        ),
    )
    found = run(
        call,
        base_model_id="amazon.titan-embed-image-v1:0",
        record_format="image-caption",
        takes_validation=False,
    )
    held_out = [
        json.loads(line)
        for line in aws.s3.text("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl").splitlines()
    ]
    train = aws.s3.text("data-bucket", f"prepared/{RUN_ID}/train.jsonl")
    assert found["counts"]["evaluation"] == len(held_out) == 10
    assert {line["version"] for line in held_out} != {""}
    assert not any(line["image"] in train for line in held_out)
