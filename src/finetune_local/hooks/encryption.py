"""Hooks into the emulator's S3 that tell which customer-managed key an object is encrypted with."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from finetune_local.values import Json

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def keep_bucket_keys() -> None:
    """Let CloudFormation store a bucket's customer-managed key, which release 1.5.33 accepts and forgets."""
    kept = ("BucketEncryption", _encryption_xml, _put, s3._delete_bucket_encryption)
    provisioners._S3_BUCKET_CONFIGURATIONS = (*provisioners._S3_BUCKET_CONFIGURATIONS, kept)


def _encryption_xml(properties: Json) -> bytes:
    rules = []
    for rule in properties.get("ServerSideEncryptionConfiguration", []):
        default = rule.get("ServerSideEncryptionByDefault", {})
        key = default.get("KMSMasterKeyID")
        element = f"<KMSMasterKeyID>{escape(key)}</KMSMasterKeyID>" if key else ""
        rules.append(
            "<Rule><ApplyServerSideEncryptionByDefault>"
            f"<SSEAlgorithm>{escape(default.get('SSEAlgorithm', 'AES256'))}</SSEAlgorithm>"
            f"{element}</ApplyServerSideEncryptionByDefault>"
            f"<BucketKeyEnabled>{str(rule.get('BucketKeyEnabled', False)).lower()}</BucketKeyEnabled></Rule>"
        )
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    content = f'<ServerSideEncryptionConfiguration xmlns="{namespace}">{"".join(rules)}'
    return f"{content}</ServerSideEncryptionConfiguration>".encode()


def _put(bucket: str, content: bytes) -> None:
    # Under AWS's own key nobody needs a permission, and the emulator would refuse to write without a key.
    if b"<KMSMasterKeyID>" in content:
        s3._put_bucket_encryption(bucket, content)


def key_to_write(bucket: str, headers: Mapping[str, str]) -> str | None:
    """Return the key with which S3 would encrypt what this request writes; None for S3's own."""
    applied, refused = s3._resolve_sse_write_headers(dict(headers), bucket)
    return None if refused else _customer_key(applied)


def key_to_read(bucket: str, name: str) -> str | None:
    """Return the key with which an object is encrypted; None for S3's own, or if there is no object."""
    stored = (s3._buckets.get(bucket) or {}).get("objects", {}).get(name)
    return _customer_key(s3._stored_sse_headers(stored)) if stored else None


def _customer_key(headers: Mapping[str, str]) -> str | None:
    key = headers.get(_KEY)
    if headers.get(_ALGORITHM) != "aws:kms" or not key or key.startswith("alias/aws/"):
        return None
    return key
