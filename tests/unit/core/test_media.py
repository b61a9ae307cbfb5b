"""Media are told by their first bytes and judged by the model's rules."""

import json
import struct
from typing import Any

import pytest

from finetune_core.catalogue import rules_for
from finetune_core.media_checks import MediaFile, check_media
from finetune_core.media_types import image_size, media_type, video_seconds
from finetune_core.partials import Partial
from finetune_core.sniff import sniff
from finetune_core.validation import spec_of
from tests.unit.core.datasets import CANVAS, LITE, NOVA, NOVA_2, chat, model, turn


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)


def jpeg(width: int, height: int, metadata: int = 40) -> bytes:
    """A JPEG's start: metadata that holds a thumbnail's header, a table, then the frame header."""
    thumbnail = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01" + bytes(metadata)
    exif = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    table = b"\xff\xc4" + struct.pack(">H", 4) + b"\x00\x00"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3)
    return b"\xff\xd8" + exif + table + frame


def webp(kind: bytes, width: int, height: int) -> bytes:
    head = b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x00\x00\x00\x00"
    if kind == b"VP8X":
        return head + b"\x00" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    if kind == b"VP8L":
        return head + b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    return head + b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)


def mp4(seconds: int, version: int = 0, brand: bytes = b"isom") -> bytes:
    times = (struct.pack(">IIII", 0, 0, 600, seconds * 600) if version == 0
             else struct.pack(">QQIQ", 0, 0, 600, seconds * 600))  # fmt: skip
    return (
        b"\x00\x00\x00\x14ftyp"
        + brand
        + bytes(8)
        + b"\x00\x00\x00\x6cmvhd"
        + bytes([version, 0, 0, 0])
        + times
    )


IMAGES = [
    ("png", png(640, 480)),
    ("gif", gif(640, 480)),
    ("jpeg", jpeg(640, 480)),
    ("jpeg", jpeg(640, 480, metadata=60_000)),
    ("webp", webp(b"VP8X", 640, 480)),
    ("webp", webp(b"VP8L", 640, 480)),
    ("webp", webp(b"VP8 ", 640, 480)),
]


@pytest.mark.parametrize(("name", "head"), IMAGES)
def test_images_tell_their_type_and_size(name: str, head: bytes) -> None:
    assert (media_type(head), image_size(head)) == (name, (640, 480))
    for end in range(min(len(head), 200)):  # a file cut anywhere gives no size, and no error
        assert image_size(head[:end]) in (None, (640, 480))


OTHERS = [
    ("mp4", mp4(90)),
    ("mp4", mp4(90, version=1)),
    ("mov", mp4(90, brand=b"qt  ")),
    ("webm", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"),
    ("mkv", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"),
    ("pdf", b"%PDF-1.7\n"),
    (None, b"PK\x03\x04"),
    (None, b""),
]


@pytest.mark.parametrize(("name", "head"), OTHERS)
def test_other_files_tell_their_type(name: str | None, head: bytes) -> None:
    assert media_type(head) == name
    assert image_size(head) is None
    assert video_seconds(head) == (90.0 if b"mvhd" in head else None)


def named(kind: str, form: str, uri: str) -> dict[str, Any]:
    return {kind: {"format": form, "source": {"s3Location": {"uri": uri}}}}


def faults(
    record: dict[str, Any], files: dict[str, MediaFile], name: str, bucket: str | None = None
) -> set[str]:
    line = json.dumps(record).encode()
    spec = spec_of(sniff(line), model(name), "fine-tuning", "train")
    partial = Partial()
    check_media([line], partial, spec, lambda uri: files.get(uri, f"{uri} is not there"), bucket=bucket)
    return {tally.code for tally in partial.tallies.values()}


MB = 1_048_576
JUDGED = [
    (set(), "image", "png", MediaFile(9 * MB, png(10, 10))),
    ({"media_size"}, "image", "png", MediaFile(11 * MB, png(10, 10))),
    ({"media_type"}, "image", "png", MediaFile(MB, gif(10, 10))),
    ({"media_type"}, "image", "png", MediaFile(MB, b"<html>")),
    ({"media_type"}, "image", "png", MediaFile(0, b"")),
    (set(), "video", "mp4", MediaFile(50 * MB, mp4(90))),
    ({"media_size"}, "video", "mp4", MediaFile(51 * MB, mp4(90))),
    ({"media_length"}, "video", "mp4", MediaFile(MB, mp4(91))),
    (set(), "document", "pdf", MediaFile(MB, b"%PDF-1.4")),
    ({"media_size"}, "document", "pdf", MediaFile(11 * MB, b"%PDF-1.4")),
]


@pytest.mark.parametrize(("wanted", "kind", "form", "file"), JUDGED)
def test_files_are_judged_by_the_rules(wanted: set[str], kind: str, form: str, file: MediaFile) -> None:
    uri = f"s3://bucket/file.{form}"
    record = chat(turn("user", "x", named(kind, form, uri)), turn("assistant", "y"))
    assert faults(record, {uri: file}, NOVA_2) == wanted


@pytest.mark.parametrize(
    ("seconds", "name", "severities"),
    [
        (90, NOVA_2, []),
        (91, NOVA_2, ["warning"]),
        (900, NOVA_2, ["warning"]),
        (901, NOVA_2, ["error"]),
        (91, LITE, ["error"]),
    ],
)
def test_the_length_that_sources_dispute_is_a_warning(seconds: int, name: str, severities: list[str]) -> None:
    line = json.dumps(
        chat(turn("user", "x", named("video", "mp4", "s3://bucket/a.mp4")), turn("assistant", "y"))
    ).encode()
    spec, partial = spec_of(sniff(line), model(name), "fine-tuning", "train"), Partial()
    check_media([line], partial, spec, lambda _: MediaFile(MB, mp4(seconds)))
    found = [fault for tally in partial.tallies.values() for fault in tally.examples]
    assert [fault.severity for fault in found] == severities
    assert all(fault.code == "media_length" for fault in found)
    if severities == ["warning"]:
        assert "Nova 2 data preparation takes 90" in found[0].message
        assert "Nova 2 SFT data preparation 900" in found[0].message


DIMENSIONS = [
    (set(), png(512, 512)),
    ({"media_dimensions"}, png(511, 600)),
    ({"media_dimensions"}, png(4097, 1024)),
    ({"media_dimensions"}, png(4096, 3500)),
    ({"media_dimensions"}, png(4096, 1000)),
]


@pytest.mark.parametrize(("wanted", "head"), DIMENSIONS)
def test_images_of_image_models_have_dimensions(wanted: set[str], head: bytes) -> None:
    rules = rules_for(model(CANVAS), "fine-tuning")
    assert rules is not None
    record = {"image-ref": "s3://bucket/a.png", "caption": "a cat"}
    assert faults(record, {"s3://bucket/a.png": MediaFile(MB, head)}, CANVAS) == wanted


def test_media_must_be_there_and_in_the_datasets_bucket() -> None:
    ours, theirs = "s3://bucket/a.png", "s3://other/a.png"
    files = {ours: MediaFile(MB, png(10, 10)), theirs: MediaFile(MB, png(10, 10))}
    one, two = (named("image", "png", uri) for uri in (ours, theirs))
    record = chat(turn("user", "x", one, two), turn("assistant", "y"))
    assert faults(record, files, LITE) == {"media_bucket"}
    assert faults(record, {ours: files[ours]}, LITE, "bucket") == {"media_bucket"}
    assert faults(record, {}, LITE, "bucket") == {"media_bucket", "media_unreachable"}
    assert faults(record, files, NOVA) == set()  # takes no media at all: the record's own fault


def test_each_file_is_looked_at_once() -> None:
    looked: list[str] = []
    record = chat(turn("user", "x", named("image", "png", "s3://bucket/a.png")), turn("assistant", "y"))
    line = json.dumps(record).encode() + b"\n"
    spec = spec_of(sniff(line), model(LITE), "fine-tuning", "train")

    def look(uri: str) -> str:
        looked.append(uri)
        return "gone"

    partial = Partial()
    check_media([line * 3], partial, spec, look)
    assert looked == ["s3://bucket/a.png"]
    assert partial.tallies["media_unreachable:error"].ranges == [1, 3]


def test_what_was_not_looked_at_is_told() -> None:
    lines = [
        json.dumps(
            chat(turn("user", "x", named("image", "png", f"s3://bucket/{n}.png")), turn("assistant", "y"))
        )
        for n in range(5)
    ]
    spec = spec_of(sniff(lines[0].encode()), model(LITE), "fine-tuning", "train")
    partial = Partial()
    check_media(["\n".join(lines).encode()], partial, spec, lambda uri: f"no {uri}", most=3)
    assert partial.tallies["media_unreachable:error"].count == 3
    assert partial.tallies["media_unchecked:warning"].examples[0].line == 4
