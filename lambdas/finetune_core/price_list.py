"""Prices out of the Price List API: which usage types a model family has, and what an answer says.

Usage types as a reader of the API quoted them on 2026-08-02 ("USE1-Nova2.0Lite-Customization-Training");
those of six months follow the pattern of one month. Answer shape, read 2026-11-23:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from finetune_core.model_rules import Source
from finetune_core.prices_data import PriceRow, Rate

SERVICE: Final = "AmazonBedrock"
REGIONS: Final = {"us-east-1": "USE1", "us-west-2": "USW2"}
"""Regions that customize models, and what their usage types begin with."""

COLUMNS: Final = {
    "training": "Customization-Training",
    "training_hour": "RFT-Training-Hours",
    "storage": "Customization-Storage",
    "unit_hour": "ProvisionedThroughput-NoCommit-ModelUnits",
    "unit_hour_month": "ProvisionedThroughput-1month-ModelUnits",
    "unit_hour_half_year": "ProvisionedThroughput-6month-ModelUnits",
    "input": "input-tokens",
    "output": "output-tokens",
    "custom_input": "input-tokens-custom-model",
    "custom_output": "output-tokens-custom-model",
}
"""Column of the price table → end of the usage type."""

_SPELLED: Final = {"Llama-3.3-70B": "Llama3-3-70B"}
_URL: Final = "https://api.pricing.us-east-1.amazonaws.com"
_PER_THOUSAND: Final = {"1k tokens": 1.0, "1m tokens": 0.001, "hours": 1.0, "hour": 1.0, "month": 1.0}
"""Unit of an answer → factor to dollars per 1,000 tokens, hour or month."""


def usage_types(family: str, region: str) -> dict[str, str]:
    """Return usage type → column for a model family in a Region; none for a Region that is not known."""
    prefix = REGIONS.get(region)
    name = _SPELLED.get(family, family)
    return {f"{prefix}-{name}-{usage}": column for column, usage in COLUMNS.items()} if prefix else {}


def read_row(products: Iterable[str], wanted: dict[str, str]) -> PriceRow:
    """Return the prices in `products`, the JSON texts of an answer's ``PriceList``.

    A product in an unknown unit, or whose price is not one positive figure, is left out.
    """
    found: dict[str, Rate] = {}
    for text in products:
        product = json.loads(text)
        column = wanted.get(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
        dollars = _dollars(product) if column else None
        if column and dollars is not None:
            found[column] = Rate(dollars, Source("Price List API", _URL, product["publicationDate"][:10]))
    return PriceRow(**found)


def _dollars(product: dict[str, Any]) -> float | None:
    dimensions = [
        dimension
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term.get("priceDimensions", {}).values()
    ]
    if len(dimensions) != 1:
        return None
    factor = _PER_THOUSAND.get(str(dimensions[0].get("unit", "")).lower())
    dollars = float(dimensions[0].get("pricePerUnit", {}).get("USD", 0))
    return dollars * factor if factor and dollars > 0 else None
