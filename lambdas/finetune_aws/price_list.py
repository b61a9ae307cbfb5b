"""The Price List API for Amazon Bedrock: live prices of one model family, in one request."""

from __future__ import annotations

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import ServiceError
from finetune_core.price_list import SERVICE, read_row, usage_types
from finetune_core.prices import Live
from finetune_core.prices_data import PriceRow


def live_prices(family: str, region: str) -> Live:
    """Return the prices that the API knows today; without an answer the dated table has to do.

    Calls: pricing:GetProducts.
    """
    wanted = usage_types(family, region)
    if not wanted or not family:
        return Live(problem=f"the Price List API was not asked: {family or 'this model'} has no usage types")
    try:
        with translated("pricing:GetProducts", family):
            answer = client("pricing").get_products(
                ServiceCode=SERVICE,
                Filters=[
                    {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
                    {"Type": "ANY_OF", "Field": "usagetype", "Value": ",".join(wanted)},
                ],
                MaxResults=100,
            )
    except ServiceError as error:
        return Live(problem=f"the Price List API did not answer ({error.what})")
    try:
        row = read_row(answer.get("PriceList", []), wanted)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Live(problem=f"the Price List API's answer cannot be read ({type(error).__name__}: {error})")
    return Live(
        row=row, problem="the Price List API knows no price of this model" if row == PriceRow() else ""
    )
