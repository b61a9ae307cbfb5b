"""Account quotas of Bedrock that customization meets: code, name and default value.

Source: general/latest/gr/bedrock.html, copy of about October 2026, read 2026-11-23. ``scheduled-jobs`` and
``concurrent-evaluation-jobs`` have no code there and are not adjustable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Quota:
    """One quota row."""

    code: str
    name: str
    default: int
    adjustable: bool = True


CUSTOM_MODELS: Final = "L-CB5B847D"
SCHEDULED_JOBS: Final = "scheduled-jobs"
DEPLOYMENTS: Final = "L-1EF80F3E"
DEPLOYMENTS_IN_PROGRESS: Final = "L-430C95DD"
CUSTOM_UNITS: Final = "L-BE77399C"
BASE_UNITS: Final = "L-FE44174A"
EVALUATIONS: Final = "concurrent-evaluation-jobs"

QUOTAS: Final[dict[str, Quota]] = {
    row.code: row
    for row in (
        Quota(CUSTOM_MODELS, "Custom models per account", 100),
        Quota(SCHEDULED_JOBS, "Scheduled customization jobs", 10, adjustable=False),
        Quota(DEPLOYMENTS, "Custom model deployments total", 10),
        Quota(DEPLOYMENTS_IN_PROGRESS, "Custom model deployments in progress", 2),
        Quota(EVALUATIONS, "Number of concurrent automatic model evaluation jobs", 20, adjustable=False),
        Quota(CUSTOM_UNITS, "Model units no-commitment Provisioned Throughputs across custom models", 0),
        Quota(BASE_UNITS, "Model units no-commitment Provisioned Throughputs across base models", 0),
        Quota("L-07D3BCF0", "Model units per provisioned model for Amazon Nova 2 Lite V1.0 256K", 0),
        Quota("L-AC096F71", "Model units per provisioned model for Amazon Nova Micro V1.0 128k", 0),
        Quota("L-127FC9D0", "Model units per provisioned model for Amazon Nova Lite V1.0 300k", 0),
        Quota("L-E48B7984", "Model units per provisioned model for Amazon Nova Pro V1.0 300k", 0),
        Quota("L-3632DE15", "Model units per provisioned model for Meta Llama 3.1 8B Instruct", 0),
        Quota("L-DD7903AD", "Model units per provisioned model for Meta Llama 3.1 70B Instruct", 0),
        Quota("L-82EE9228", "Sum of training and validation records for a Nova 2 Lite job", 20_000),
        Quota("L-031F46A7", "Sum of training and validation records for a Nova Lite job", 20_000),
        Quota("L-EC6A6ABC", "Sum of training and validation records for a Nova Micro job", 20_000),
        Quota("L-70FC4C0E", "Sum of training and validation records for a Nova Pro job", 20_000),
    )
}


class QuotaBook:
    """Values in force: the defaults, and what was set for an account and Region (``*`` = any)."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, str], int] = {}

    def set(self, code: str, value: int, account: str = "*", region: str = "*") -> None:
        """Set `code` to `value`; raise KeyError for an unknown code."""
        self._values[account, region, QUOTAS[code].code] = value

    def value(self, code: str, account: str, region: str) -> int:
        """Return the value of `code` in force for `account` in `region`."""
        for key in ((account, region, code), (account, "*", code), ("*", region, code), ("*", "*", code)):
            if key in self._values:
                return self._values[key]
        return QUOTAS[code].default

    def all(self, account: str, region: str) -> dict[str, int]:
        """Return every quota's value in force."""
        return {code: self.value(code, account, region) for code in QUOTAS}
