"""Service Quotas: what the account may use of Bedrock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient


def quota(code: str) -> float | None:
    """Return the value of a Bedrock quota that applies to the account, or None when it has none.

    Calls: servicequotas:GetServiceQuota.
    """
    try:
        with translated("servicequotas:GetServiceQuota", code):
            answer = _quotas().get_service_quota(ServiceCode="bedrock", QuotaCode=code)
    except NotFound:
        return None
    return answer["Quota"].get("Value")


def _quotas() -> ServiceQuotasClient:
    found: ServiceQuotasClient = client("service-quotas")
    return found
