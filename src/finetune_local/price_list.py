"""The Price List Query API for Amazon Bedrock, from the project's dated price table.

Only the shape is AWS's (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html,
read 2026-11-23); the numbers are those of `finetune_core.prices_data`, with their dates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from finetune_core.price_list import COLUMNS, REGIONS
from finetune_core.prices_data import PRICES, STORAGE_MONTH, Rate
from finetune_local.hooks import gateway
from finetune_local.json_service import ServiceError, json_service
from finetune_local.values import Json

_PAGE = 100


def install() -> None:
    """Offer the service in the emulator."""
    gateway.register_service(
        "pricing",
        json_service({"GetProducts": _get_products}),
        namespace="pricing",
        target_prefix="AWSPriceListService",
    )


def _get_products(members: Json, account: str, region: str) -> Json:
    del account, region
    if members.get("ServiceCode") != "AmazonBedrock":
        raise ServiceError("NotFoundException", "The local cloud prices service code AmazonBedrock only.")
    found = [json.dumps(product) for product in _products() if _matches(product, members)]
    start = int(members.get("NextToken") or 0)
    end = start + int(members.get("MaxResults") or _PAGE)
    page: Json = {"FormatVersion": "aws_v1", "PriceList": found[start:end]}
    return {**page, "NextToken": str(end)} if end < len(found) else page


def _matches(product: Json, members: Json) -> bool:
    attributes = product["product"]["attributes"]
    for wanted in members.get("Filters") or []:
        value, given = attributes.get(wanted["Field"], "").lower(), str(wanted["Value"]).lower()
        if wanted.get("Type") not in {"TERM_MATCH", "ANY_OF"}:
            raise ServiceError(
                "InvalidParameterException", "The local cloud filters by TERM_MATCH and ANY_OF only."
            )
        if value not in (given.split(",") if wanted["Type"] == "ANY_OF" else [given]):
            return False
    return True


def _products() -> Iterator[Json]:
    for region in REGIONS:
        for model, row in PRICES.items():
            for column, usage in COLUMNS.items():
                rate: Rate | None = STORAGE_MONTH if column == "storage" else getattr(row, column)
                if rate is not None:
                    yield _product(region, model, usage, _unit(column), rate)


def _unit(column: str) -> str:
    if column == "storage":
        return "Month"
    return "Hours" if column.startswith("unit_hour") else "1K tokens"


def _product(region: str, model: str, usage: str, unit: str, rate: Rate) -> Json:
    usage_type = "-".join(part for part in (REGIONS[region], model, usage) if part)
    sku = hashlib.sha256(usage_type.encode()).hexdigest()[:16].upper()
    term, price = f"{sku}.JRTCKXETXF", f"{sku}.JRTCKXETXF.6YS6EN2CT7"
    day = datetime.fromisoformat(rate.source.read).replace(tzinfo=UTC).isoformat()
    dimension = {
        "unit": unit,
        "endRange": "Inf",
        "beginRange": "0",
        "rateCode": price,
        "description": f"${rate.dollars} per {unit} for {usage_type} ({rate.source.name})",
        "appliesTo": [],
        "pricePerUnit": {"USD": f"{rate.dollars:.10f}"},
    }
    attributes = {
        "servicecode": "AmazonBedrock",
        "servicename": "Amazon Bedrock",
        "regionCode": region,
        "usagetype": usage_type,
        "operation": "",
        **({"model": model} if model else {}),
    }
    on_demand = {"sku": sku, "effectiveDate": day, "offerTermCode": "JRTCKXETXF", "termAttributes": {}}
    return {
        "product": {"productFamily": "Amazon Bedrock", "attributes": attributes, "sku": sku},
        "serviceCode": "AmazonBedrock",
        "terms": {"OnDemand": {term: {**on_demand, "priceDimensions": {price: dimension}}}},
        "version": day[:10].replace("-", ""),
        "publicationDate": day,
    }
