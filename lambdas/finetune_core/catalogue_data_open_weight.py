"""Catalogue rows: open-weight models, for reinforcement fine-tuning through the OpenAI-compatible API alone.

`CreateModelCustomizationJob` does not take them (bedrock-mantle's `/v1/fine_tuning/jobs` does), so these rows
are there for checking, converting and splitting data, and for the preflight to say so.
"""

from typing import Final

from finetune_core.catalogue_sources import RFT_OPEN_API, RFT_OPEN_DATA
from finetune_core.model_rules import KindRules, Limit, Model, Serving

_RULES: Final = KindRules(
    source=RFT_OPEN_DATA,
    formats=("reinforcement",),
    records_min=Limit(100, RFT_OPEN_DATA),
    records_max=Limit(20_000, RFT_OPEN_DATA),
    validation_file_source=RFT_OPEN_API,
    strict_turns=False,
    prompts=True,
)


def _row(name: str, model_id: str, provider: str) -> Model:
    return Model(
        id=model_id,
        invoke_id=model_id,
        name=name,
        provider=provider,
        regions=("us-west-2",),
        kinds={"REINFORCEMENT_FINE_TUNING": _RULES},
        serving=Serving(RFT_OPEN_API),
        source=RFT_OPEN_API,
        jobs=False,
    )


MODELS: Final = (
    _row("OpenAI gpt-oss 20B", "openai.gpt-oss-20b", "OpenAI"),
    _row("Qwen3 32B", "qwen.qwen3-32b", "Qwen"),
)
