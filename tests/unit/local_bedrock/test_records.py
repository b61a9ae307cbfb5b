"""The service's own check of records, and what a model learns from them."""

from __future__ import annotations

from typing import Any

import pytest

from finetune_local.bedrock import foundation_models
from finetune_local.bedrock.conversations import render
from finetune_local.bedrock.foundation_models import FoundationModel, RecordFormat
from finetune_local.bedrock.records import RESERVED_STRINGS, examples, faults
from finetune_local.language_model import Example
from tests.unit.local_bedrock.support import LITE, MICRO, TITAN, conversation


def model(identifier: str) -> FoundationModel:
    found = foundation_models.find(identifier, "us-east-1")
    assert found is not None
    return found[0]


def image(kind: str = "image", form: str = "png", uri: str = "s3://bucket/a.png") -> dict[str, Any]:
    return {kind: {"format": form, "source": {"s3Location": {"uri": uri}}}}


def with_blocks(*blocks: dict[str, Any], turn: int = 0) -> dict[str, Any]:
    record = conversation("question", "answer")
    record["messages"][turn]["content"] = [{"text": "look"}, *blocks]
    return record


@pytest.mark.parametrize("word", RESERVED_STRINGS)
@pytest.mark.parametrize("where", ["system", "user", "assistant"])
def test_each_reserved_string_is_found_before_the_answer(word: str, where: str) -> None:
    texts = {"system": "s", "user": "u", "assistant": "a", where: f"x {word} y"}
    record = conversation(texts["user"], texts["assistant"], system=texts["system"])
    found = list(faults(record, "converse", model(MICRO)))
    assert found == ([] if where == "assistant" else [f"reserved string {word!r}"])


@pytest.mark.parametrize(
    ("record", "part"),
    [
        (with_blocks(image()), None),
        (with_blocks(image("video", "mp4", "s3://bucket/a.mp4")), None),
        (with_blocks(image(form="tiff")), "format must be one of"),
        (with_blocks(image(uri="s3://bucket/a b.png")), "is not an S3 URI"),
        (with_blocks(image(), turn=1), "in a turn of the assistant"),
        (with_blocks(*[image()] * 11), "11 images"),
        (with_blocks(image(), image("video", "mp4")), "images and videos"),
        (with_blocks({"audio": {}}), "audio is not supported"),
        ({"messages": "none"}, "list of at least two"),
        ({**conversation("a", "b"), "system": "be brief"}, "system must be a list"),
        (conversation("a", "b", "c"), "last message"),
    ],
)
def test_conversations_for_nova_lite(record: dict[str, Any], part: str | None) -> None:
    found = list(faults(record, "converse", model(LITE)))
    assert (not found) if part is None else any(part in fault for fault in found), found


def test_micro_takes_text_only() -> None:
    assert list(faults(with_blocks(image()), "converse", model(MICRO)))


@pytest.mark.parametrize(
    ("record", "kind", "right"),
    [
        ({"prompt": "a", "completion": "b"}, "prompt_completion", True),
        ({"prompt": "a", "completion": " "}, "prompt_completion", False),
        ({"prompt": "a", "completion": "b", "note": ""}, "prompt_completion", False),
        ({"input": "a"}, "pretraining", True),
        ({"text": "a"}, "pretraining", False),
        ({"image-ref": "s3://bucket/a.png", "caption": "a cat"}, "caption", True),
        ({"image-ref": "a.png", "caption": "a cat"}, "caption", False),
    ],
)
def test_flat_records(record: dict[str, Any], kind: RecordFormat, right: bool) -> None:
    assert (not list(faults(record, kind, model(TITAN)))) is right


def test_a_conversation_gives_one_example_a_turn_of_the_assistant() -> None:
    record = conversation("a", "b", "c", "d", system="s")
    assert examples(record, "converse") == [
        Example(render("s", [("user", "a")]), "b"),
        Example(render("s", [("user", "a"), ("assistant", "b"), ("user", "c")]), "d"),
    ]
    assert examples(conversation("a", "b"), "converse") == [Example("a", "b")]
    assert examples({"input": "a"}, "pretraining") == [Example("", "a")]


@pytest.mark.parametrize("identifier", [row.model_id for row in foundation_models.FOUNDATION_MODELS])
def test_every_row_is_complete(identifier: str) -> None:
    row = next(row for row in foundation_models.FOUNDATION_MODELS if row.model_id == identifier)
    required = {field.name: str(field.high) for field in row.hyperparameters if field.default is None}
    values = row.resolve_hyperparameters({name: value.split(".")[0] for name, value in required.items()})
    assert {"epochCount", "batchSize", "learningRate"} <= set(values)
    for field in row.hyperparameters:
        assert field.check(values[field.name]) == values[field.name], "a default lies within its range"
