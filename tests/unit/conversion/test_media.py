"""Media: what a model takes, and inline bytes that become files to upload."""

from __future__ import annotations

import base64

import pytest

from finetune_cli.conversion.media import format_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
PREFIX = "s3://bucket/datasets/cats/media"


def asked(url: str, kind: str = "image_url") -> dict:
    content = [{"type": "text", "text": "What?"}, {"type": kind, kind: {"url": url}}]
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "A cat"}]}


def inline(data: bytes = PNG, mime: str = "image/png") -> dict:
    return asked(f"data:{mime};base64,{base64.b64encode(data).decode()}")


def image(done) -> dict:
    return done.records[0]["messages"][0]["content"][1]["image"]


def test_an_image_in_s3_keeps_its_address(converted) -> None:
    done = converted([asked("s3://bucket/cats/1.JPG")])
    assert image(done) == {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/cats/1.JPG"}}}
    assert done.losses == {}


def test_an_inline_image_becomes_a_file_and_an_address_once(converted) -> None:
    done = converted([inline(), inline()], prefix=PREFIX)
    (name,) = done.result.media
    assert (done.order.media / name).read_bytes() == PNG
    assert image(done)["source"]["s3Location"]["uri"] == f"{PREFIX}/{name}"
    assert done.losses == {"media-to-upload": 2}


def test_an_inline_image_without_a_prefix_is_left_out_and_no_file_written(converted) -> None:
    done = converted([inline()])
    assert done.records == []
    assert done.losses == {"media-needs-prefix": 1}
    assert not done.order.media.exists()


def test_the_bytes_decide_what_an_image_is(converted) -> None:
    done = converted([inline(mime="image/webp")], prefix=PREFIX)
    assert image(done)["format"] == "png"
    assert done.losses == {"media-format": 1, "media-to-upload": 1}


REFUSED = {
    "no media model": (inline(), "micro", "media-not-taken"),
    "text format": (inline(), "claude", "media-not-taken"),
    "on the web": (asked("https://example.com/1.png"), "nova", "media-unusable"),
    "format": (asked("s3://bucket/1.tiff"), "nova", "media-not-taken"),
    "not an image": (inline(b"hello"), "nova", "media-unusable"),
    "broken base64": (asked("data:image/png;base64,!!!"), "nova", "malformed"),
    "video for llama": (asked("s3://bucket/1.mp4", "video_url"), "llama-3.2", "media-not-taken"),
    "in an answer": (
        {"messages": [{"role": "user", "content": "x"}, {**inline()["messages"][0], "role": "assistant"}]},
        "nova",
        "media-not-taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "model", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_record_with_media_that_cannot_be_used_is_left_out(converted, record, model, reason) -> None:
    done = converted([record], model, prefix=PREFIX)
    assert done.records == []
    assert done.losses == {reason: 1}


def test_converse_bytes_and_documents(converted) -> None:
    document = {
        "document": {
            "format": "pdf",
            "name": "A & B",
            "source": {"bytes": base64.b64encode(b"%PDF-1.7").decode()},
        }
    }
    record = {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": "Sum up"}, document]},
            {"role": "assistant", "content": [{"text": "It is short."}]},
        ],
    }
    done = converted([record], "nova-2", prefix=PREFIX)
    written = done.records[0]["messages"][0]["content"][1]["document"]
    assert (written["format"], written["name"]) == ("pdf", "A - B")
    assert written["source"]["s3Location"]["uri"].endswith(".pdf")


HEADS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff\xe0": "jpeg",
    b"GIF89a": "gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "webp",
    b"%PDF-1.4": "pdf",
    b"\0\0\0\x18ftypmp42": "mp4",
    b"\0\0\0\x14ftypqt  ": "mov",
    b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm": "webm",
    b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska": "mkv",
    b"RIFF\0\0\0\0WAVE": "",
    b"": "",
}


@pytest.mark.parametrize(("head", "word"), HEADS.items())
def test_formats_are_known_by_their_first_bytes(head, word) -> None:
    assert format_of(head) == word
