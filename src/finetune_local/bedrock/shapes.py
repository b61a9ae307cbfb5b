"""Values against botocore's shapes: parsing, checking and writing them.

The wording of violations is that of AWS's services ("1 validation error detected: Value … failed to satisfy
constraint: …"), as seen in answers of Bedrock quoted on public pages (read 2026-11-24).
"""

# ruff: noqa: ANN401 - values of whatever shape the model names

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (datetime,),
    "blob": (bytes,),
}

LOOSER_THAN_MODEL: Final[dict[str, frozenset[str]]] = {
    # The service itself answers names such as "Titan Multimodal Embeddings G1" (model card, read 2026-11-24).
    "BrandedName": frozenset({"max"}),
    # ListFoundationModels answers INFERENCE_PROFILE for models without on-demand use under their plain id.
    "InferenceType": frozenset({"enum"}),
    # Jobs with a judge must be of the task type General, says AWS's own example (read 2026-11-28).
    "EvaluationTaskType": frozenset({"enum"}),
}
"""Constraints of the model that the service's own answers break."""


class MalformedError(ValueError):
    """Text that cannot be read as the type that the model names."""


def violations(value: object, shape: Shape, path: str = "") -> Iterator[str]:
    """Yield what is wrong with `value` for `shape`, in AWS's wording; nothing when it is right."""
    if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
        return
    types = PYTHON_TYPES[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield _violation(value, path, f"Member must be of type {shape.type_name}")
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _structure_violations(value, shape, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _bounds(value, len(value), shape, path, "length")
        for index, item in enumerate(value, start=1):
            yield from violations(item, shape.member, f"{path}.{index}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _bounds(value, len(value), shape, path, "length")
        for key, item in value.items():
            yield from violations(key, shape.key, f"{path}.{key}.key")
            yield from violations(item, shape.value, f"{path}.{key}.member")
    else:
        yield from _scalar_violations(value, shape, path)


def _structure_violations(value: dict[str, Any], shape: StructureShape, path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(None, prefix + name, "Member must not be null")
    for name, item in value.items():
        if name not in shape.members:
            yield _violation(item, prefix + name, "Member must be one of the members of the structure")
        elif item is not None:
            yield from violations(item, shape.members[name], prefix + name)
    if getattr(shape, "is_tagged_union", False) and sum(item is not None for item in value.values()) != 1:
        yield _violation(value, path, f"Exactly one of {sorted(shape.members)} must be set")


def _scalar_violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    loose = LOOSER_THAN_MODEL.get(shape.name, frozenset())
    enum = getattr(shape, "enum", None)
    if enum and value not in enum and "enum" not in loose:
        yield _violation(value, path, f"Member must satisfy enum value set: [{', '.join(enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str) and not _compiled(pattern).fullmatch(value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if "max" in loose:
        return
    if isinstance(value, (str, bytes)):
        yield from _bounds(value, len(value), shape, path, "length")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _bounds(value, value, shape, path, "value")


def _bounds(value: Any, measure: float, shape: Shape, path: str, noun: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and measure < low:
        yield _violation(value, path, f"Member must have {noun} greater than or equal to {low}")
    if high is not None and measure > high:
        yield _violation(value, path, f"Member must have {noun} less than or equal to {high}")


def _violation(value: object, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:200]}'"
    return f"Value {shown} at '{path or 'body'}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def from_json(value: Any, shape: Shape) -> Any:  # noqa: PLR0911 - one return a type
    """Return `value` from JSON with timestamps and blobs read; wrong types stay for `violations`."""
    if value is None or getattr(shape, "is_document_type", False):
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {
            name: from_json(item, members[name]) if name in members else item
            for name, item in value.items()
            if item is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_json(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_json(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, (str, int, float)):
        return _timestamp(value)
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise MalformedError(f"not base64: {value[:40]!r}") from error
    return value


def from_text(text: str, shape: Shape) -> Any:
    """Return a header's or query parameter's `text` as the type of `shape`; raise MalformedError."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError as error:
        raise MalformedError(f"{text!r} is not a number") from error
    if kind == "boolean":
        if text not in ("true", "false"):
            raise MalformedError(f"{text!r} is neither true nor false")
        return text == "true"
    return _timestamp(text) if kind == "timestamp" else text


def _timestamp(value: str | float) -> datetime:
    try:
        moment = parse_timestamp(value)  # type: ignore[arg-type]  # numbers are taken
    except (ValueError, OverflowError) as error:
        raise MalformedError(f"{value!r} is not a timestamp") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_json(value: Any, shape: Shape) -> Any:
    """Return the JSON value that rest-json writes for `value` (members without a value are left out)."""
    if getattr(shape, "is_document_type", False):
        return value
    if isinstance(shape, StructureShape):
        return {name: to_json(item, shape.members[name]) for name, item in value.items() if item is not None}
    if isinstance(shape, ListShape):
        return [to_json(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: to_json(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return iso_time(value) if iso else value.timestamp()
    return base64.b64encode(value).decode() if shape.type_name == "blob" else value


def to_text(value: Any, shape: Shape) -> str:
    """Return the header text that rest-json writes for `value`."""
    if shape.type_name == "timestamp":
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def iso_time(moment: datetime) -> str:
    """Return `moment` as AWS writes times: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
