"""boto3 clients, made when first used and kept for the life of the process."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

_CONTROL: Final = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5}
)
# A model may think for minutes; the callers pace and retry on their own, so botocore tries just twice.
_RUNTIME: Final = Config(
    connect_timeout=5,
    read_timeout=120,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 2},
)
_CONFIGS: Final = {"bedrock-runtime": _RUNTIME}


@cache
def client(service: str) -> Any:  # noqa: ANN401 - each adapter names the type it expects
    """Return the process's client for ``service``: five attempts, short timeouts, lazily made."""
    return boto3.client(service, config=_CONFIGS.get(service, _CONTROL))  # type: ignore[call-overload]
