"""Service Quotas for Bedrock: GetServiceQuota, ListServiceQuotas, from what our Bedrock obeys."""

from __future__ import annotations

from collections.abc import Callable

from finetune_local.hooks import gateway
from finetune_local.json_service import ServiceError, json_service
from finetune_local.values import Json

_PAGE = 100
Quotas = Callable[[str, str], Json]
"""(account, Region) → {code: {name, value, adjustable}} in force."""


class ServiceQuotas:
    """Answers for service code `bedrock`; a quota without a code in AWS's list has none here either."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    def install(self) -> None:
        """Offer the service in the emulator."""
        gateway.register_service(
            "service-quotas",
            json_service({"GetServiceQuota": self._get, "ListServiceQuotas": self._list}),
            namespace="servicequotas",
            target_prefix="ServiceQuotasV20190624",
        )

    def _get(self, members: Json, account: str, region: str) -> Json:
        code = members.get("QuotaCode")
        found = [quota for quota in self._listed(members, account, region) if quota["QuotaCode"] == code]
        if not found:
            raise ServiceError("NoSuchResourceException", f"there is no quota {code} of Bedrock")
        return {"Quota": found[0]}

    def _list(self, members: Json, account: str, region: str) -> Json:
        quotas = self._listed(members, account, region)
        start = int(members.get("NextToken") or 0)
        end = start + int(members.get("MaxResults") or _PAGE)
        page: Json = {"Quotas": quotas[start:end]}
        return {**page, "NextToken": str(end)} if end < len(quotas) else page

    def _listed(self, members: Json, account: str, region: str) -> list[Json]:
        if members.get("ServiceCode") != "bedrock":
            raise ServiceError(
                "NoSuchResourceException", "the local cloud has quotas of service bedrock only"
            )
        quotas = self._quotas(account, region)
        return [_shape(code, row, account, region) for code, row in quotas.items() if code.startswith("L-")]


def _shape(code: str, row: Json, account: str, region: str) -> Json:
    return {
        "ServiceCode": "bedrock",
        "ServiceName": "Amazon Bedrock",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:bedrock/{code}",
        "QuotaCode": code,
        "QuotaName": row["name"],
        "Value": float(row["value"]),
        "Unit": "None",
        "Adjustable": row["adjustable"],
        "GlobalQuota": False,
    }
