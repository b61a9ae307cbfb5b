"""List prices of what the pipeline itself uses on AWS: US dollars, us-east-1, each with source and date."""

from typing import Final, NamedTuple


class UnitPrice(NamedTuple):
    """Dollars per unit, the unit in words, where the price stands and when it was read (ISO date)."""

    dollars: float
    unit: str
    source: str
    read: str


PRICES: Final = {
    "transition": UnitPrice(
        25e-6, "state transition, Standard", "https://aws.amazon.com/step-functions/pricing/", "2026-11-24"
    ),
    "invocation": UnitPrice(
        0.20e-6, "function invocation", "https://aws.amazon.com/lambda/pricing/", "2026-11-24"
    ),
    "gigabyte_second": UnitPrice(
        0.0000133334, "GB-second, arm64", "https://aws.amazon.com/lambda/pricing/", "2026-11-24"
    ),
    "write_unit": UnitPrice(
        0.625e-6,
        "write request unit (1 KB)",
        "https://aws.amazon.com/dynamodb/pricing/on-demand/",
        "2026-11-24",
    ),
    "put": UnitPrice(5e-6, "PUT or LIST request", "https://aws.amazon.com/s3/pricing/", "2026-11-24"),
}
"""The pages' figures as quoted by pages that were read on that date; a free tier is not counted."""
