"""S3: pinned versions, ranged reads, and writing artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK: Final = 1024 * 1024
"""Bytes per ranged read: memory stays constant however large the object is."""


class Version(Struct, frozen=True, kw_only=True):
    """The current version of an object."""

    key: str
    version_id: str
    bytes: int
    etag: str
    written_at: str = ""


def current_versions(bucket: str, prefix: str) -> Iterator[Version]:
    """Yield the current version of every object under ``prefix`` (deleted ones have none).

    Calls: s3:ListBucketVersions on the bucket.
    """
    pages = _s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    with translated("s3:ListBucketVersions", f"s3://{bucket}/{prefix}"):
        for page in pages:
            for item in page.get("Versions", []):
                if item["IsLatest"]:
                    yield Version(
                        key=item["Key"],
                        version_id=item.get("VersionId", "null"),
                        bytes=item["Size"],
                        etag=item.get("ETag", "").strip('"'),
                        written_at=_iso(item.get("LastModified")),
                    )


def _iso(moment: datetime | None) -> str:
    """Return a time as sortable text in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else ""


def keys(bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys under ``prefix``. Calls: s3:ListBucket on the bucket."""
    pages = _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with translated("s3:ListBucket", f"s3://{bucket}/{prefix}"):
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"]


def read(bucket: str, key: str, version_id: str | None = None) -> bytes:
    """Return a small object whole. Calls: s3:GetObject, or s3:GetObjectVersion when pinned."""
    pinned: Any = {"VersionId": version_id} if version_id else {}
    with translated("s3:GetObject", f"s3://{bucket}/{key}"):
        return _s3().get_object(Bucket=bucket, Key=key, **pinned)["Body"].read()


def head(bucket: str, key: str, size: int) -> bytes:
    """Return at most the first ``size`` bytes of an object. Calls: s3:GetObject."""
    with translated("s3:GetObject", f"s3://{bucket}/{key}"):
        return _s3().get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{size - 1}")["Body"].read()


def version(uri: str) -> str:
    """Return the id of an object's current version, "" in a bucket without versions. Calls: s3:GetObject."""
    bucket, key = split_uri(uri)
    with translated("s3:GetObject", uri):
        return _s3().head_object(Bucket=bucket, Key=key).get("VersionId", "")


def read_chunks(
    bucket: str, key: str, version_id: str, size: int, *, start: int = 0, chunk: int = 0
) -> Iterator[bytes]:
    """Yield a pinned object's bytes from ``start`` to ``size`` in ranges of ``chunk`` or ``CHUNK``.

    One request per range: a connection that breaks costs a retry of one range, not of the file.
    Calls: s3:GetObjectVersion.
    """
    length = chunk or CHUNK
    for first in range(start, size, length):
        last = min(first + length, size) - 1
        with translated("s3:GetObjectVersion", f"s3://{bucket}/{key} bytes {first}-{last}"):
            answer = _s3().get_object(
                Bucket=bucket, Key=key, VersionId=version_id, Range=f"bytes={first}-{last}"
            )
            body = answer["Body"].read()
        if len(body) != last - first + 1:
            raise ServiceUnavailable(
                f"S3 answered {len(body)} bytes where {last - first + 1} were asked for",
                where=f"s3://{bucket}/{key} bytes {first}-{last}",
                remedy="It is tried again; nothing was decided on the wrong bytes.",
            )
        yield body


def write(bucket: str, key: str, body: bytes, content_type: str) -> str:
    """Write a small object and return its URI. Calls: s3:PutObject."""
    with translated("s3:PutObject", f"s3://{bucket}/{key}"):
        _s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return f"s3://{bucket}/{key}"


def write_json(bucket: str, key: str, value: object) -> str:
    """Write ``value`` as indented JSON and return its URI. Calls: s3:PutObject."""
    body = json.dumps(value, indent=2, ensure_ascii=False).encode()
    return write(bucket, key, body, "application/json")


def upload(path: Path, bucket: str, key: str) -> str:
    """Upload a file of any size (multipart when large) and return its URI.

    Calls: s3:PutObject, s3:AbortMultipartUpload.
    """
    from s3transfer.manager import TransferManager  # noqa: PLC0415 - a tenth of a second, and most only read

    with translated("s3:PutObject", f"s3://{bucket}/{key}"), TransferManager(_s3()) as manager:
        manager.upload(str(path), bucket, key, {"ContentType": "application/jsonl"}).result()
    return f"s3://{bucket}/{key}"


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an ``s3://`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _s3() -> S3Client:
    s3: S3Client = client("s3")
    return s3
