"""S3 multipart uploads whose parts come from many functions: begun, sent to, listed, completed.

A part's ETag is asked from S3 when the upload is completed, not passed along: a part that was sent twice,
because a call was retried, is then still the one that S3 holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import NotFound
from finetune_core.sharding import LEAST_PART, MOST_SHARDS, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GATHERED: Final = 4 * LEAST_PART
"""Bytes gathered before small pieces are sent as a part."""


def begin(bucket: str, key: str) -> Upload:
    """Begin an upload of JSON Lines. Calls: s3:PutObject."""
    with translated("s3:CreateMultipartUpload", f"s3://{bucket}/{key}"):
        answer = _s3().create_multipart_upload(Bucket=bucket, Key=key, ContentType="application/jsonl")
    return Upload(bucket=bucket, key=key, upload_id=answer["UploadId"])


def send(upload: Upload, number: int, body: bytes) -> None:
    """Send part ``number`` (1 to 10,000); sent again it replaces the part. Calls: s3:PutObject."""
    with translated("s3:UploadPart", f"s3://{upload.bucket}/{upload.key} part {number}"):
        _s3().upload_part(**_named(upload), PartNumber=number, Body=body)


def finish(upload: Upload, small: Iterable[bytes]) -> str | None:
    """Complete an upload, with ``small`` pieces as its last parts, and return the object's URI.

    An upload without a byte is aborted, and None is returned. What was finished before stays as it is, so
    that a retried call does no harm.
    Calls: s3:ListMultipartUploadParts, s3:PutObject, s3:AbortMultipartUpload, s3:GetObject.
    """
    where = f"s3://{upload.bucket}/{upload.key}"
    try:
        sent = _parts(upload)
    except NotFound:
        with translated("s3:GetObject", where):
            _s3().head_object(Bucket=upload.bucket, Key=upload.key)
        return where
    gathered = _send_small(upload, small)
    if not gathered and not sent:
        with translated("s3:AbortMultipartUpload", where):
            _s3().abort_multipart_upload(**_named(upload))
        return None
    parts: Any = {"Parts": _parts(upload)}
    with translated("s3:CompleteMultipartUpload", where):
        _s3().complete_multipart_upload(**_named(upload), MultipartUpload=parts)
    return where


def _send_small(upload: Upload, small: Iterable[bytes]) -> int:
    """Send small pieces, several to a part, with numbers above those of the shards; return the parts."""
    gathered, count = bytearray(), 0
    for piece in small:
        gathered += piece
        if len(gathered) >= _GATHERED:
            count += 1
            send(upload, MOST_SHARDS + count, bytes(gathered))
            gathered.clear()
    if gathered:
        count += 1
        send(upload, MOST_SHARDS + count, bytes(gathered))
    return count


def _parts(upload: Upload) -> list[dict[str, Any]]:
    """Return number and ETag of the parts that S3 holds, in order."""
    pages = _s3().get_paginator("list_parts").paginate(**_named(upload))
    with translated("s3:ListMultipartUploadParts", f"s3://{upload.bucket}/{upload.key}"):
        return [
            {"PartNumber": part["PartNumber"], "ETag": part["ETag"]}
            for page in pages
            for part in page.get("Parts", [])
        ]


def _named(upload: Upload) -> Any:  # noqa: ANN401 - keyword arguments of several requests
    return {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload.upload_id}


def _s3() -> S3Client:
    s3: S3Client = client("s3")
    return s3
