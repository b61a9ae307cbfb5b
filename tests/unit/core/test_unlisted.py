"""A base model that the catalogue does not know is not refused what only the catalogue could know."""

import json
from typing import Any

import pytest

from finetune_core.contracts import Preflight
from finetune_core.unlisted import row_of
from finetune_core.validation import validate
from tests.unit.core.datasets import GOOD, PAIR, PLAIN, chat, picture, turn

UNKNOWN = Preflight(
    base_model_id="example.new-v1:0",
    base_model_arn="arn:aws:bedrock:us-east-1::foundation-model/example.new-v1:0",
    base_model_name="New",
    invoke_id="example.new-v1:0",
    customization_type="FINE_TUNING",
    record_format="converse",
    takes_validation=True,
    serving="none",
    serving_reason="",
    hyperparameters={},
)
THINKING = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
TOOLS = {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}
CALL = {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "1", "content": [{"text": "x"}]}}
FILM = {"video": {"format": "mkv", "source": {"s3Location": {"uri": "s3://bucket/a.mkv"}}}}


def counts(record: dict[str, Any]) -> dict[str, int]:
    return validate([json.dumps(record).encode()], row_of(UNKNOWN), "fine-tuning").counts


@pytest.mark.parametrize(
    "record",
    [
        GOOD,
        PLAIN,
        PAIR,
        chat(turn("user", "x", *[picture()] * 12, FILM), turn("assistant", THINKING, "y")),
        chat(
            turn("user", "x"),
            turn("assistant", CALL),
            turn("user", RESULT),
            turn("assistant", "y"),
            toolConfig=TOOLS,
        ),
    ],
)
def test_media_reasoning_and_tools_are_left_to_the_service(record: dict[str, Any]) -> None:
    assert counts(record) == {}


def test_the_shape_of_records_is_checked_all_the_same() -> None:
    assert counts(chat(turn("user", "x", picture(form="bmp")), turn("assistant", ""))) == {
        "media_format": 1,
        "blank_text": 1,
    }
