"""What S3 decides beside the permission on the object: its key, and whether its absence may be told.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html (read 2026-11-23): writing takes
`kms:GenerateDataKey`, reading `kms:Decrypt`, both through S3 (`kms:ViaService`).
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (read 2026-11-24): who may not list the
bucket is told 403 instead of 404 for an object that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import unquote
from xml.sax.saxutils import escape

from finetune_local.hooks import encryption, gateway, iam
from finetune_local.values import Json

_SUBRESOURCES = {"acl", "attributes", "legal-hold", "restore", "retention", "tagging", "torrent"}
"""Requests about an object that do not touch its content."""

Use = tuple[str, str, str]
"""KMS action, key, ARN of the object."""


def install() -> None:
    """Judge the use of keys behind S3."""
    encryption.keep_bucket_keys()
    gateway.wrap_service("s3", _judged)


def _judged(handler: gateway.Handler) -> gateway.Handler:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Json
    ) -> gateway.Response:
        if gateway.enforcement():
            key = gateway.access_key(headers, query)
            for use in _uses(method, path, headers, query):
                if denial := _judge(key, use):
                    return _denied(denial)
        answer = await handler(method, path, headers, body, query)
        missing = answer[0] == HTTPStatus.NOT_FOUND
        return (_hidden(method, path, headers, query) if missing else None) or answer

    return handle


def _hidden(method: str, path: str, headers: Mapping[str, str], query: Json) -> gateway.Response | None:
    """Return the 403 of a caller who may not list the bucket and so must not learn what is missing in it.

    A permission to list that depends on `s3:prefix` does not count: reading an object names no prefix.
    """
    bucket, _, name = path.lstrip("/").partition("/")
    if not name or method not in ("GET", "HEAD") or "uploadId" in query or not gateway.enforcement():
        return None
    denial = iam.judge(gateway.access_key(headers, query), "s3:ListBucket", f"arn:aws:s3:::{bucket}", {})
    return _denied(denial) if denial else None


def _uses(method: str, path: str, headers: Mapping[str, str], query: Json) -> Iterator[Use]:
    bucket, _, name = path.lstrip("/").partition("/")
    if not name or _SUBRESOURCES & set(query):
        return
    if method == "GET" and "uploadId" not in query:
        yield from _use("kms:Decrypt", encryption.key_to_read(bucket, name), bucket, name)
    elif method == "PUT" or (method == "POST" and "uploads" in query):
        key = encryption.key_to_write(bucket, headers)
        yield from _use("kms:GenerateDataKey", key, bucket, name)
        if "uploadId" in query:
            yield from _use("kms:Decrypt", key, bucket, name)
    elif method == "POST" and "uploadId" in query:
        yield from _use("kms:Decrypt", encryption.key_to_write(bucket, headers), bucket, name)
    if source := headers.get("x-amz-copy-source"):
        copied = unquote(source).lstrip("/").partition("?")[0]
        from_bucket, _, from_name = copied.partition("/")
        key = encryption.key_to_read(from_bucket, from_name)
        yield from _use("kms:Decrypt", key, from_bucket, from_name)


def _use(action: str, key: str | None, bucket: str, name: str) -> Iterator[Use]:
    if key is not None:
        yield action, key, f"arn:aws:s3:::{bucket}/{name}"


def _judge(access_key: str, use: Use) -> iam.Denial | None:
    action, key, thing = use
    account, region = gateway.tenant()
    arn = key if key.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{key}"
    context = {
        "kms:ViaService": f"s3.{region}.amazonaws.com",
        "kms:CallerAccount": account,
        "kms:EncryptionContext:aws:s3:arn": thing,
    }
    return iam.judge(access_key, action, arn, context)


def _denied(denial: iam.Denial) -> gateway.Response:
    content = f"<Error><Code>AccessDenied</Code><Message>{escape(denial.message)}</Message></Error>"
    return 403, {"Content-Type": "application/xml"}, content.encode()
