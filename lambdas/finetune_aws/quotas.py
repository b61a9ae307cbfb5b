"""Service Quotas: what the account may use of Bedrock."""

from __future__ import annotations

from collections.abc import Iterator
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


def quotas_named(text: str) -> Iterator[tuple[str, str, float]]:
    """Yield code, name and value of Bedrock quotas whose name holds ``text`` (any case).

    Calls: servicequotas:ListServiceQuotas.
    """
    pages = _quotas().get_paginator("list_service_quotas").paginate(ServiceCode="bedrock")
    with translated("servicequotas:ListServiceQuotas", "bedrock"):
        for page in pages:
            for item in page.get("Quotas", []):
                if text.lower() in item.get("QuotaName", "").lower():
                    yield item["QuotaCode"], item["QuotaName"], item["Value"]


def _quotas() -> ServiceQuotasClient:
    found: ServiceQuotasClient = client("service-quotas")
    return found
