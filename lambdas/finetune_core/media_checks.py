"""Judges the media that records name: there, in the dataset's bucket, of the type named, within the bounds.

Reading is the caller's: it gives a function from an address to the file's size and first bytes. Each file is
looked at once, however many records name it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from finetune_core.findings import Findings, Spec
from finetune_core.media_types import image_size, media_type, video_seconds
from finetune_core.model_rules import MediaRules
from finetune_core.partials import Partial
from finetune_core.split import placed_records

KINDS: Final = ("image", "video", "document")
_REMEMBERED: Final = 100_000
_decode: Final = msgspec.json.Decoder().decode


class MediaFile(Struct, frozen=True):
    """A file: its size in bytes and its first bytes (up to `media_types.HEAD`)."""

    size: int
    head: bytes


class MediaRef(Struct, frozen=True):
    """A place in a record that names a media file."""

    path: str
    kind: str
    format: str
    uri: str


Look = Callable[[str], MediaFile | str]
"""Returns the file at an s3:// address, or words that say why it cannot be read."""

Problem = tuple[str, str]
"""Code, with :warning behind it where the fault is no error, and message."""


def check_media(
    chunks: Iterable[bytes],
    partial: Partial,
    spec: Spec,
    look: Look,
    *,
    bucket: str | None = None,
    most: int = _REMEMBERED,
) -> None:
    """Add the faults of the media that a file's records name.

    `bucket` is the one that they must lie in; without it the first address tells it. Of more than `most`
    different files only the first are looked at, and a warning says so.
    """
    rules = spec.rules.media
    if rules is None:
        return
    known: dict[str, MediaFile | str] = {}
    for number, at, line in placed_records(chunks):
        if b"s3://" not in line and b"\\/" not in line and b"\\u" not in line:
            continue
        for ref in media_of(line):
            home = _bucket(ref.uri)
            bucket = bucket or home
            if home != bucket:
                said = f"lies in {home}, not in {bucket}"
                _note(partial, Findings(spec, number, at), ref, "media_bucket", said)
                continue
            if ref.uri not in known:
                if len(known) == most:
                    said = f"only the first {most:,} files were looked at"
                    _note(partial, Findings(spec, number, at), ref, "media_unchecked", said)
                    return
                known[ref.uri] = look(ref.uri)
            for code, said in judge_media(ref, known[ref.uri], rules):
                _note(partial, Findings(spec, number, at), ref, code, said)


def _note(partial: Partial, found: Findings, ref: MediaRef, code: str, said: str) -> None:
    name, _, warning = code.partition(":")
    found.add(name, ref.path, ref.uri, said, severity="warning" if warning else None)
    partial.add(found.faults[0])


def judge_media(ref: MediaRef, file: MediaFile | str, rules: MediaRules) -> list[Problem]:
    """Return what is wrong with one file as the medium that the record says it is."""
    if isinstance(file, str):
        return [("media_unreachable", file)]
    problems = [] if ref.kind == "image" or not file.head else _judge_length(file, rules)
    actual = media_type(file.head)
    if actual is None:
        problems.append(("media_type", "the file is no image, video or PDF that we know"))
    elif actual != ref.format and ref.format:
        problems.append(("media_type", f"the record says {ref.format}, the file is {actual}"))
    most = {"image": rules.image_bytes, "video": rules.video_bytes, "document": rules.document_bytes}[
        ref.kind
    ]
    if file.size > most > 0:
        said = f"{file.size:,} bytes, at most {most:,} are taken ({rules.source.name})"
        problems.append(("media_size", said))
    if ref.kind == "image":
        problems += _judge_image(file, rules)
    return problems


def _judge_image(file: MediaFile, rules: MediaRules) -> list[Problem]:
    size = image_size(file.head)
    if size is None or not any(rules.side):
        return []
    (width, height), (least, most) = size, rules.side
    source = rules.source.name
    said = []
    if min(size) < least or max(size) > most:
        said.append(f"sides must have {least:,} to {most:,} pixels ({source})")
    if width * height > rules.pixels > 0:
        said.append(f"at most {rules.pixels:,} pixels in all are taken ({source})")
    if rules.ratio and max(size) > rules.ratio * min(size):
        said.append(f"no side may be more than {rules.ratio} times the other ({source})")
    return [("media_dimensions", f"{width:,} x {height:,} pixels: {words}") for words in said]


def _judge_length(file: MediaFile, rules: MediaRules) -> list[Problem]:
    seconds = video_seconds(file.head)
    if seconds is None:
        return []
    if seconds > rules.video_seconds > 0:
        said = f"{seconds:,.0f} seconds, at most {rules.video_seconds:,} are taken ({rules.source.name})"
        return [("media_length", said)]
    other = rules.strict_seconds_source
    if other is not None and seconds > rules.strict_seconds > 0:
        said = f"{seconds:,.0f} seconds: {other.name} takes {rules.strict_seconds:,}, "
        return [("media_length:warning", said + f"{rules.source.name} {rules.video_seconds:,}")]
    return []


def media_of(line: bytes) -> Iterator[MediaRef]:
    """Yield the media that one record names, whatever its format; nothing for a line that is no record."""
    try:
        record = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if not isinstance(record, dict):
        return
    if isinstance(uri := record.get("image-ref"), str):
        yield MediaRef("$.image-ref", "image", "", uri)
    for index, turn in enumerate(_list(record.get("messages"))):
        content = turn.get("content") if isinstance(turn, dict) else None
        for place, block in enumerate(_list(content)):
            if isinstance(block, dict):
                yield from _of_block(block, f"$.messages[{index}].content[{place}]")


def _of_block(block: dict[str, Any], path: str) -> Iterator[MediaRef]:
    for kind in KINDS:
        medium = block.get(kind)
        source = medium.get("source") if isinstance(medium, dict) else None
        location = source.get("s3Location") if isinstance(source, dict) else None
        uri = location.get("uri") if isinstance(location, dict) else None
        if isinstance(medium, dict) and isinstance(uri, str):
            where = f"{path}.{kind}.source.s3Location.uri"
            yield MediaRef(where, kind, str(medium.get("format", "")), uri)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _bucket(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[0]
