"""A large dataset, in ranges: the same verdict, report and prepared files as in one piece."""

import importlib
import json
import random
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finetune_aws import clients, multipart
from finetune_core.errors import DatasetInvalid
from finetune_core.sharding import MOST_SHARDS, Piece, Source, cut_ranges
from finetune_core.sniff import Sniffed
from tests.properties.validation_records import lines
from tests.unit.functions.aws import FakeAws, Transfers
from tests.unit.functions.samples import RUN_ID, plan, preflight
from tests.unit.functions.samples import settings as run_settings
from tests.unit.functions.sharded import Call, run
from tests.unit.functions.test_validate_dataset import pin, record

PRETRAINING = {
    "base_model_id": "amazon.titan-text-express-v1:0:8k",
    "customization_type": "CONTINUED_PRE_TRAINING",
    "record_format": "input",
}
LEFT_BEHIND = ("validation.json", "validation.html", "faulty-lines.tsv", "evaluation.jsonl")


def call(name: str, event: dict[str, Any]) -> dict[str, Any]:
    handler = importlib.import_module(f"{name}.handler").handler
    answer: dict[str, Any] = json.loads(json.dumps(handler(json.loads(json.dumps(event)), SimpleNamespace())))
    return answer


def outcome(
    files: dict[str, bytes], size: int | None, *, asked: dict[str, Any] | None = None, **changes: Any
) -> tuple[Any, dict[str, bytes]]:
    """Give the answer (or refusal) and all that is left behind; `size` None validates in one piece."""
    fake = FakeAws()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "make_client", fake.client)
        patch.setattr("s3transfer.manager.TransferManager", Transfers)
        clients.client.cache_clear()
        pin(fake, collection="corpora" if changes else "datasets", **files)
        chosen = plan(settings=run_settings(evaluation_records=5, validation_fraction=0.2, **(asked or {})))
        found = preflight(**changes)
        answer: Any
        try:
            if size is None:
                answer = call("validate_dataset", {"plan": chosen, "preflight": found})
            else:
                answer = run(fake, call, chosen, found, size)
        except DatasetInvalid as error:
            answer = str(error)
    clients.client.cache_clear()
    kept = {
        f"{bucket}/{key}": versions[-1][1]
        for (bucket, key), versions in fake.s3.versions.items()
        if key.startswith("prepared/") or key.endswith(LEFT_BEHIND)
    }
    assert not fake.s3.uploads
    return answer, kept


def size_of(files: dict[str, bytes], shards: int) -> int:
    return sum(map(len, files.values())) // shards + 1


good = st.integers(0, 60).map(record)
repeated = st.integers(0, 5).map(record)
some_lines = st.lists(st.one_of(good, good, repeated), min_size=8, max_size=30)
ends = st.sampled_from([b"\n", b"\r\n", b"\n\n"])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(some_lines, st.lists(good, max_size=6), st.lists(repeated, max_size=6), ends, st.integers(1, 9))
def test_valid_datasets_come_out_alike_for_any_cut(
    train: list[bytes], validation: list[bytes], evaluation: list[bytes], end: bytes, shards: int
) -> None:
    files = {"train": train, "validation": validation, "evaluation": evaluation}
    texts = {role: b"".join(part).replace(b"\n", end) for role, part in files.items() if part}
    assert outcome(texts, size_of(texts, shards)) == outcome(texts, None)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines(), min_size=1, max_size=8), st.lists(lines(), max_size=3), st.integers(1, 9))
def test_faulty_datasets_are_refused_alike_for_any_cut(
    train: list[bytes], validation: list[bytes], shards: int
) -> None:
    texts = {"train": b"\n".join(train) or b" "}
    if validation:
        texts["validation"] = b"\n".join(validation) or b" "
    assert outcome(texts, size_of(texts, shards)) == outcome(texts, None)


@pytest.mark.parametrize("size", [7, 64, 1000, 10**6])
@pytest.mark.parametrize("ending", [b"\n", b""])
def test_files_of_a_corpus_are_one_text_however_they_are_cut(size: int, ending: bytes) -> None:
    rng = random.Random(size)  # noqa: S311 - test data
    texts = {
        f"train_{name}": b"\n".join(b'{"input": "text %d"}' % rng.randrange(40) for _ in range(12)) + ending
        for name in "abc"
    }
    assert outcome(texts, size, **PRETRAINING) == outcome(texts, None, **PRETRAINING)


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08rest", b"\xff\xfe{\x00}\x00", b"[\n{}\n]\n"])
def test_files_that_cannot_be_read_are_refused_alike(head: bytes) -> None:
    good_lines = b"".join(record(number) for number in range(20))
    for texts in ({"train": head}, {"train": good_lines, "validation": head}):
        assert outcome(texts, 50) == outcome(texts, None)


def test_duplicates_and_leakage_between_ranges_are_found() -> None:
    body = b"".join(record(number) for number in range(30))
    (answer, kept), _ = outcome({"train": body + record(3), "validation": record(7)}, 100), None
    assert answer["faults"]["duplicate_record"] == 1
    assert answer["faults"]["leaked_record"] == 1
    report = json.loads(kept[f"artifacts-bucket/runs/{RUN_ID}/validation.json"])
    assert {(fault["code"], fault["line"]) for fault in report["faults"]} >= {
        ("duplicate_record", 31),
        ("leaked_record", 1),
    }


def test_large_ranges_are_sent_as_parts_and_hold_every_record(aws: FakeAws, call: Call) -> None:
    rng = random.Random(1)  # noqa: S311 - test data
    body = b"".join(
        json.dumps({"input": " ".join(str(rng.random()) for _ in range(1_100))}).encode() + b"\n"
        for _ in range(900)
    )
    pin(aws, collection="corpora", train=body)
    chosen = plan(settings=run_settings(evaluation_records=3, validation_fraction=0.1))
    found = run(aws, call, chosen, preflight(**PRETRAINING), 8 * 1024 * 1024)
    assert found["counts"] == {"train": 807, "validation": 90, "evaluation": 3}
    prepared = aws.s3.text("data-bucket", f"prepared/{RUN_ID}/train.jsonl").splitlines()
    prepared += aws.s3.text("data-bucket", f"prepared/{RUN_ID}/validation.jsonl").splitlines()
    assert len(prepared) == 897
    assert set(prepared) < set(body.decode().splitlines())
    numbers = [params["PartNumber"] for params in aws.made("s3:UploadPart")]
    assert {number for number in numbers if number <= MOST_SHARDS}
    assert not aws.s3.uploads


def test_a_retried_end_finishes_what_the_first_one_began(aws: FakeAws, call: Call) -> None:
    upload = multipart.begin("data-bucket", "prepared/x/train.jsonl")
    assert multipart.finish(upload, [b"a\n", b"b\n"]) == "s3://data-bucket/prepared/x/train.jsonl"
    assert multipart.finish(upload, [b"a\n", b"b\n"]) == "s3://data-bucket/prepared/x/train.jsonl"
    assert aws.s3.text("data-bucket", "prepared/x/train.jsonl") == "a\nb\n"


def test_there_are_never_more_ranges_than_an_upload_has_parts() -> None:
    piece = Piece(bucket="b", key="k", version_id="v", bytes=10 * 1024**3)
    ranges = cut_ranges([Source(role="train", pieces=(piece,), sniffed=Sniffed())], 1000)
    assert len(ranges) <= MOST_SHARDS
    assert ranges[0].start == 0
    assert ranges[-1].stop == piece.bytes
    assert all(a.stop == b.start for a, b in pairwise(ranges))


def told(number: int, text: str) -> bytes:
    return record(number).replace(b"answer %d" % number, text.encode())


SENTENCE = "the quick brown fox jumps over the lazy dog while the cat looks on from the old garden wall"


@pytest.mark.parametrize("size", [None, 1500])
@pytest.mark.parametrize("answer", ["off", "warn", "block"])
def test_secrets_and_near_duplicates_are_what_the_settings_say(size: int | None, answer: str) -> None:
    body = [record(number) for number in range(20)]
    body += [told(20, "Write to jo@firma.local"), told(21, SENTENCE), told(21, SENTENCE + " today")]
    files = {"train": b"".join(body), "validation": record(50) + told(21, SENTENCE + " again")}
    found, kept = outcome(files, size, asked={"secrets": answer, "near_duplicates": answer})
    report = json.loads(kept[f"artifacts-bucket/runs/{RUN_ID}/validation.json"])
    kinds = ("personal_data", "near_duplicate", "near_leak")
    if answer == "off":
        assert not set(kinds) & set(report["counts"])
        return
    placed = {fault["code"]: fault for fault in report["faults"] if fault["code"] in kinds}
    assert {(code, fault["line"]) for code, fault in placed.items()} == {
        ("personal_data", 21),
        ("near_duplicate", 23),
        ("near_leak", 2),
    }
    assert {fault["severity"] for fault in placed.values()} == {"error" if answer == "block" else "warning"}
    assert placed["near_duplicate"]["byte_offset"] == sum(map(len, body[:22]))
    assert placed["personal_data"]["byte_offset"] == sum(map(len, body[:20]))
    assert "jo@firma.local" not in json.dumps(report)
    assert isinstance(found, str) == (answer == "block")
