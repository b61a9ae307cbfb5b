"""The price table: US dollars, us-east-1 / us-west-2 list prices, each with its source and date.

AWS's own price pages could not be read as text, so these come from people who read the Price List API or
copied the page. A live answer of the Price List API, where the caller has one, replaces a row.
"""

from typing import Final

from msgspec import Struct

from finetune_core.model_rules import Source

PRICE_LIST: Final = Source(
    "Price List API as quoted by a user", "https://aws.amazon.com/bedrock/pricing/", "2026-08-02"
)
JOB_LOG: Final = Source(
    "bills of training jobs as reported by users", "https://aws.amazon.com/bedrock/pricing/", "2026-08-01"
)
PAGE_2024: Final = Source(
    "copy of the AWS pricing table", "https://aws.amazon.com/bedrock/pricing/", "2024-12-31"
)
GATEWAY: Final = Source(
    "list prices at a reseller", "https://vercel.com/ai-gateway/models/nova-micro", "2026-11-23"
)


class Rate(Struct, frozen=True):
    """One price: dollars per the unit of its column."""

    dollars: float
    source: Source


class PriceRow(Struct, frozen=True):
    """Prices of one model family; None is unknown.

    `training`, `input` and `output` are per 1,000 tokens, `unit_hour` per model unit and hour without
    commitment, `unit_hour_month` and `unit_hour_half_year` with one of one or six months, `storage` per model
    and month, `training_hour` per hour of a reinforcement job, `image` per image that is turned into a
    vector, `custom_input` / `custom_output` per 1,000 tokens of an on-demand custom deployment.
    """

    training: Rate | None = None
    unit_hour: Rate | None = None
    input: Rate | None = None
    output: Rate | None = None
    custom_input: Rate | None = None
    custom_output: Rate | None = None
    unit_hour_month: Rate | None = None
    unit_hour_half_year: Rate | None = None
    storage: Rate | None = None
    image: Rate | None = None
    training_hour: Rate | None = None


STORAGE_MONTH: Final = Rate(1.95, PRICE_LIST)
"""Per custom model and month: the same for every model seen."""

PRICES: Final[dict[str, PriceRow]] = {
    "Nova2.0Lite": PriceRow(
        training=Rate(0.00378, PRICE_LIST),
        unit_hour=Rate(60.50, PRICE_LIST),
        input=Rate(0.00033, PRICE_LIST),
        output=Rate(0.00275, PRICE_LIST),
        custom_input=Rate(0.00030, PRICE_LIST),
        custom_output=Rate(0.00250, PRICE_LIST),
        unit_hour_month=Rate(55.00, PRICE_LIST),
    ),
    "NovaMicro": PriceRow(
        training=Rate(0.001, JOB_LOG), input=Rate(0.000035, GATEWAY), output=Rate(0.00014, GATEWAY)
    ),
    "NovaLite": PriceRow(input=Rate(0.00006, GATEWAY), output=Rate(0.00024, GATEWAY)),
    "NovaPro": PriceRow(input=Rate(0.0008, GATEWAY), output=Rate(0.0032, GATEWAY)),
    "Llama-3.3-70B": PriceRow(training=Rate(0.0033, JOB_LOG)),
    "Llama-3.1-8B": PriceRow(training=Rate(0.00149, JOB_LOG)),
    "Llama-3.1-70B": PriceRow(unit_hour=Rate(24.00, JOB_LOG)),
    "TitanTextLite": PriceRow(
        training=Rate(0.0004, PAGE_2024),
        unit_hour=Rate(7.10, PAGE_2024),
        unit_hour_month=Rate(6.40, PAGE_2024),
        unit_hour_half_year=Rate(5.10, PAGE_2024),
    ),
    "TitanTextExpress": PriceRow(
        training=Rate(0.008, PAGE_2024),
        unit_hour=Rate(20.50, PAGE_2024),
        unit_hour_month=Rate(18.40, PAGE_2024),
        unit_hour_half_year=Rate(14.80, PAGE_2024),
    ),
    "TitanImage": PriceRow(
        unit_hour=Rate(23.40, PAGE_2024),
        unit_hour_month=Rate(21.00, PAGE_2024),
        unit_hour_half_year=Rate(16.85, PAGE_2024),
    ),
    "TitanMultimodalEmbeddings": PriceRow(
        unit_hour=Rate(9.38, PAGE_2024),
        unit_hour_month=Rate(8.45, PAGE_2024),
        unit_hour_half_year=Rate(6.75, PAGE_2024),
    ),
    "CohereCommandLight": PriceRow(
        training=Rate(0.001, PAGE_2024),
        unit_hour=Rate(8.56, PAGE_2024),
        unit_hour_month=Rate(6.85, PAGE_2024),
        unit_hour_half_year=Rate(4.11, PAGE_2024),
    ),
}

UNKNOWN: Final[dict[str, tuple[float, float, float]]] = {
    "training": (0.0004, 0.004, 0.032),
    "unit_hour": (7.10, 60.50, 121.00),
    "unit_hour_month": (6.40, 55.00, 121.00),
    "unit_hour_half_year": (4.11, 55.00, 121.00),
    "input": (0.000035, 0.0005, 0.003),
    "output": (0.00014, 0.0025, 0.015),
    "image": (0.00001, 0.0001, 0.001),
    "training_hour": (10.00, 60.50, 250.00),
}
"""Low, expected and high where no price is known: from the lowest known price of any model to two (unit
hours) or about four times the highest. The unknown is priced wide, never at zero. For an hour of
reinforcement not one price was found (2026-11-28): expected is an hour of the same model's Provisioned
Throughput, low a sixth of it, high four times."""
