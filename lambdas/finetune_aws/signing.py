"""Signatures by an HMAC key that never leaves KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html (read 2026-11-28)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import RequestInvalid

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

ALGORITHM: Final = "HMAC_SHA_256"
"""What a key of the spec HMAC_256 makes: 32 bytes."""


def sign(key: str, text: bytes) -> bytes:
    """Return the signature of ``text`` (at most 4,096 bytes). Calls: kms:GenerateMac."""
    with translated("kms:GenerateMac", key):
        return _kms().generate_mac(KeyId=key, MacAlgorithm=ALGORITHM, Message=text)["Mac"]


def is_signed(key: str, text: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is this key's for ``text``. Calls: kms:VerifyMac."""
    try:
        with translated("kms:VerifyMac", key):
            answer = _kms().verify_mac(KeyId=key, MacAlgorithm=ALGORITHM, Message=text, Mac=signature)
    except RequestInvalid as fault:
        if "KMSInvalidMacException" in str(fault):
            return False
        raise
    return bool(answer["MacValid"])


def _kms() -> KMSClient:
    kms: KMSClient = client("kms")
    return kms
