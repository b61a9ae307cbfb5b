"""Taking values out of records that people made: the right type, or `Unusable` with the place."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from finetune_cli.conversion.conversation import Media, Tool, Unusable
from finetune_cli.conversion.losses import Notes

_SUFFIXES: Final = {"jpg": "jpeg", "qt": "mov", "quicktime": "mov", "x-matroska": "mkv"}
"""Suffixes and MIME subtypes → Converse's words, where they differ."""


def text(value: object, path: str) -> str:
    """A string; numbers and booleans become one, null becomes ""."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise Unusable("malformed", f"text was expected, found {_named(value)}", path)


def objects(value: object, path: str) -> list[dict[str, Any]]:
    """A list of objects; a string that holds one as JSON (as tables do) counts, null is an empty list."""
    if isinstance(value, str):
        value = parsed(value, path) if value.strip() else []
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unusable("malformed", f"a list was expected, found {_named(value)}", path)
    for at, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise Unusable("malformed", f"an object was expected, found {_named(entry)}", f"{path}[{at}]")
    return value


def an_object(value: object, path: str) -> dict[str, Any]:
    """An object; a string that holds one as JSON counts, "" and null are an empty one."""
    if isinstance(value, str):
        value = parsed(value, path) if value.strip() else {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable("malformed", f"an object was expected, found {_named(value)}", path)
    return value


def parsed(value: str, path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """JSON inside a string."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise Unusable("malformed", f"the JSON in this string is broken: {error}", path) from None


def tools(value: object, path: str, notes: Notes) -> list[Tool]:
    """Declared tools in any of the usual wrappings: {function: …}, {toolSpec: …}, or the function alone."""
    declared = []
    for at, entry in enumerate(objects(value, path)):
        place = f"{path}[{at}]"
        kind = entry.get("type", "function")
        if kind != "function" and "input_schema" not in entry:
            raise Unusable("malformed", f"a tool of type {kind!r} cannot be carried over", place)
        inner = an_object(entry.get("function") or entry.get("toolSpec") or entry, place)
        schema = inner.get("parameters") or inner.get("input_schema") or inner.get("inputSchema")
        schema = an_object(schema, f"{place}.parameters")
        schema = an_object(schema["json"], place) if set(schema) == {"json"} else schema
        if inner.get("strict"):
            notes.note("key", f"{place}.strict", True)
        name = text(inner.get("name"), f"{place}.name")
        if not name:
            raise Unusable("malformed", "a tool has no name", place)
        declared.append(Tool(name, text(inner.get("description"), place), schema))
    return declared


def media(kind: str, url: str, path: str) -> Media:
    """Media at an address: an S3 URI, or a data URL whose bytes are decoded here."""
    if kind not in {"image", "video", "document"}:
        raise Unusable("media-unusable", f"a part of type {kind!r} cannot be carried over", path)
    if url.startswith("s3://"):
        return Media(kind, format_of(url.rpartition(".")[2]), uri=url)  # type: ignore[arg-type]
    if url.startswith("data:"):
        head, comma, body = url[5:].partition(",")
        if not comma:
            raise Unusable("malformed", "a data URL without a comma", path)
        data = decoded(body, path) if head.endswith(";base64") else unquote_to_bytes(body)
        mime = head.split(";", 1)[0]
        return Media(kind, format_of(mime.rpartition("/")[2]), data=data)  # type: ignore[arg-type]
    raise Unusable(
        "media-unusable", f"{url[:80]!r} is neither an s3:// nor a data: URL: copy it to S3 first", path
    )


def format_of(word: str) -> str:
    """Converse's word for a file suffix or a MIME subtype."""
    low = word.lower()
    return _SUFFIXES.get(low, low)


def decoded(body: str, path: str) -> bytes:
    """Bytes from base64."""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unusable("malformed", f"the base64 is broken: {error}", path) from None


def extras(record: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """What a record holds beyond its format's keys."""
    return {key: value for key, value in record.items() if key not in known and value is not None}


def _named(value: object) -> str:
    words = {"dict": "an object", "list": "a list", "str": "text", "NoneType": "null", "bool": "a boolean"}
    return words.get(type(value).__name__, "a number")
