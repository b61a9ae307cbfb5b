"""boto3 sessions that talk to the local cloud.

A 12-digit access key id is the number of the account that it acts as, with full rights (the account's root).
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config
import botocore.loaders
import botocore.session

from finetune_local.values import Untyped, Value

REGION = "us-east-1"
"""The local cloud's Region: most models that can be customized are offered there."""

ROOT_SECRET = "test"  # noqa: S105 - worthless anywhere else

_LOADER = botocore.loaders.create_loader()
"""Shared by all sessions, so that each service model is read from disk once per process."""

_NOT_THE_USERS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""botocore's settings (name in the file, in the environment, default, converter) without the user's own."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An access key that the local cloud knows; `token` is None for an account's root."""

    access_key: str
    secret_key: str
    token: str | None = None

    @classmethod
    def root(cls, account: str) -> Credentials:
        """Return the credentials of the root of `account` (12 digits)."""
        if not (len(account) == 12 and account.isdecimal()):
            raise ValueError(f"an account is a number of 12 digits, not {account!r}")
        return cls(access_key=account, secret_key=ROOT_SECRET)


class LocalSession(boto3.session.Session):
    """A boto3 session whose clients reach the local cloud over TLS, whatever the environment says."""

    def __init__(
        self, credentials: Credentials, *, endpoint_url: str, ca_bundle: str, region: str = REGION
    ) -> None:
        core = botocore.session.Session(session_vars=_NOT_THE_USERS)
        core.register_component("data_loader", _LOADER)
        super().__init__(
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            region_name=region,
            botocore_session=core,
        )
        self._endpoint = {"endpoint_url": endpoint_url, "verify": ca_bundle}
        self._shared: dict[str, Any] = {}
        self._lock = threading.Lock()

    def shared_client(self, service_name: str) -> Value:
        """Return this session's one client of a service: no hidden retries, safe to use from all threads."""
        with self._lock:
            if service_name not in self._shared:
                self._shared[service_name] = self.client(service_name, config=client_config())
            return self._shared[service_name]

    def client(self, service_name: Value, *args: Untyped, **kwargs: Untyped) -> Value:
        """Make a client of the local cloud; arguments as for boto3, each may be overridden."""
        return super().client(service_name, *args, **{**self._endpoint, **kwargs})

    def resource(self, service_name: Value, *args: Untyped, **kwargs: Untyped) -> Value:
        """Make a resource of the local cloud; arguments as for boto3, each may be overridden."""
        return super().resource(service_name, *args, **{**self._endpoint, **kwargs})


def client_config(*, attempts: int = 1, read_timeout: float = 960) -> botocore.config.Config:
    """Return a client configuration without hidden retries, patient enough for a function's 15 minutes."""
    return botocore.config.Config(
        retries={"total_max_attempts": attempts, "mode": "standard"},
        read_timeout=read_timeout,
        connect_timeout=10,
        max_pool_connections=50,
        parameter_validation=False,
    )
