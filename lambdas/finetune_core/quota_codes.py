"""Which quota stands behind a refusal, by the service's sentence and the phase; and where to raise it.

Bedrock's ServiceQuotaExceededException names no code. Codes: Amazon Bedrock endpoints and quotas
(https://docs.aws.amazon.com/general/latest/gr/bedrock.html, read 2026-11-23).
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

PAGE: Final = "https://console.aws.amazon.com/servicequotas/home/services/bedrock/quotas"


class Quota(Struct, frozen=True):
    """A quota: code ("" when it has none and cannot be raised), and what it counts."""

    code: str
    counts: str

    def __str__(self) -> str:
        """Return the advice: raise it here, or what else can be done."""
        if not self.code:
            return (
                f"The quota of {self.counts} cannot be raised: let other jobs end, lower scheduled_jobs "
                f"in the settings. All quotas: {PAGE}"
            )
        return f"The quota is {self.code} ({self.counts}). Ask for more: {PAGE}/{self.code}"


_JOBS: Final = Quota("", "customization jobs scheduled at once (10 for an account)")
_UNKNOWN: Final = Quota("", "what the message names")
_BY_WORDS: Final = (
    (re.compile(r"deployments?.{0,40}(progress|creating)"), Quota("L-430C95DD", "deployments in progress")),
    (re.compile(r"deployments?"), Quota("L-1EF80F3E", "custom model deployments of an account")),
    (re.compile(r"model units?|provisioned"), Quota("L-BE77399C", "model units without commitment")),
    (re.compile(r"custom models?\b"), Quota("L-CB5B847D", "custom models of an account")),
    (re.compile(r"jobs?\b"), _JOBS),
)
_BY_PHASE: Final = {"train": _JOBS, "serve": Quota("L-BE77399C", "model units without commitment")}


def quota_behind(phase: str, message: str) -> Quota:
    """Return the quota that a refusal in ``phase`` is most likely about."""
    words = message.lower()
    for pattern, quota in _BY_WORDS:
        if pattern.search(words):
            return quota
    return _BY_PHASE.get(phase, _UNKNOWN)
