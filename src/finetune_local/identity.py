"""Who acts in the local cloud: account roots, and roles that AWS services assume.

A service that works under a role (Step Functions, EventBridge, Scheduler, Bedrock) is let in by the role's
trust policy, judged here, and then makes ordinary signed calls, judged by the emulator like anybody's.
"""

from __future__ import annotations

import threading
import time

from finetune_local.hooks import iam
from finetune_local.sessions import Credentials, LocalSession

_LIFETIME_SECONDS = 12 * 3600
_RENEW_BEFORE_SECONDS = 3600


class AssumeRoleRefusedError(PermissionError):
    """A service may not assume a role: it does not exist, or its trust policy does not let the service in."""


class Identity:
    """Makes sessions for principals; sessions (and so their clients) are kept and shared between threads."""

    def __init__(self, *, endpoint_url: str, ca_bundle: str) -> None:
        self._endpoint = (endpoint_url, ca_bundle)
        self._lock = threading.Lock()
        self._roots: dict[str, LocalSession] = {}
        self._roles: dict[tuple[str, str], tuple[LocalSession, float]] = {}

    def root(self, account: str, region: str) -> LocalSession:
        """Return a session with full rights in `account`."""
        with self._lock:
            key = f"{account}/{region}"
            if key not in self._roots:
                self._roots[key] = self._session(Credentials.root(account), region)
            return self._roots[key]

    def assume(
        self, role_arn: str, *, service: str, source_arn: str, account: str, region: str
    ) -> LocalSession:
        """Return a session of `role_arn` for `service` (`states.amazonaws.com`, …) acting for `source_arn`.

        Raises AssumeRoleRefusedError when the trust policy does not allow it under `aws:SourceAccount`
        and `aws:SourceArn`.
        """
        context = {"aws:SourceAccount": account, "aws:SourceArn": source_arn}
        if not iam.trust_allows(role_arn, service, context):
            reason = "its trust policy refuses" if iam.role_exists(role_arn) else "it does not exist"
            raise AssumeRoleRefusedError(
                f"{service} cannot assume {role_arn} on behalf of {source_arn}: {reason}"
            )
        with self._lock:
            session, expires = self._roles.get((role_arn, service), (None, 0.0))
            if session is None or expires - time.time() < _RENEW_BEFORE_SECONDS:
                name = service.partition(".")[0]
                issued = iam.issue_credentials(role_arn, name, _LIFETIME_SECONDS)
                session = self._session(issued, region)
                self._roles[role_arn, service] = (session, time.time() + _LIFETIME_SECONDS)
            return session

    def _session(self, credentials: Credentials, region: str) -> LocalSession:
        endpoint_url, ca_bundle = self._endpoint
        return LocalSession(credentials, endpoint_url=endpoint_url, ca_bundle=ca_bundle, region=region)
