"""Catalogue rows: Amazon Titan. Titan Text is the only family documented for continued pre-training."""

from typing import Final

from finetune_core.catalogue_sources import FT, HP, PREP, PT_SUPPORT, QUOTA, SUPPORTED_OLD
from finetune_core.model_rules import Hyperparameter, KindRules, Limit, MediaRules, Model, Serving

_EAST: Final = ("us-east-1",)
_BOTH: Final = ("us-east-1", "us-west-2")
_MB: Final = 1_048_576

# At the default batch size. PREP gives half of it for larger batches (Express 2 to 4, Lite 3 to 6): a warning
# for each longer record would be wrong for nearly everybody.
_TOKENS: Final = Limit(4_096, PREP)
_CHARACTERS: Final = Limit(6 * 4_096, PREP)
_TEXT_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", "int", HP, 1, 10, "5"),
    Hyperparameter("batchSize", "int", HP, 1, 64, "1"),
    Hyperparameter("learningRate", "float", HP, 0, 1, "1e-5"),
    Hyperparameter("learningRateWarmupSteps", "int", HP, 0, 250, "5"),
)
_PREMIER_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", "int", HP, 1, 5, "2"),
    Hyperparameter("batchSize", "int", HP, 1, 1, "1"),
    Hyperparameter("learningRate", "float", HP, 1e-7, 1e-5, "1e-6"),
    Hyperparameter("learningRateWarmupSteps", "int", HP, 0, 20, "5"),
)


def _tuning(records: int, hyperparameters: tuple[Hyperparameter, ...]) -> KindRules:
    return KindRules(
        source=PREP,
        formats=("prompt-completion",),
        records_min=Limit(1, PREP),
        records_max=Limit(records, QUOTA),
        hyperparameters=hyperparameters,
        tokens_max=_TOKENS,
        characters_max=_CHARACTERS,
        file_bytes=Limit(1024 * _MB, PREP),
        validation_file_bytes=Limit(100 * _MB, PREP),
    )


_PRETRAINING: Final = KindRules(
    source=SUPPORTED_OLD,
    formats=("input",),
    records_min=Limit(1, SUPPORTED_OLD),
    records_max=Limit(100_000, QUOTA),
    hyperparameters=_TEXT_HYPERPARAMETERS,
    tokens_max=_TOKENS,
    characters_max=_CHARACTERS,
    file_bytes=Limit(10 * 1024 * _MB, SUPPORTED_OLD, 1024 * _MB, PREP),
    validation_file_bytes=Limit(100 * _MB, PREP),
)


def _text(name: str, model_id: str, regions: tuple[str, ...]) -> Model:
    return Model(
        id=model_id,
        invoke_id=model_id.split(":", 1)[0],
        name=name,
        provider="Amazon",
        regions=regions,
        kinds={
            "FINE_TUNING": _tuning(10_000, _TEXT_HYPERPARAMETERS),
            "CONTINUED_PRE_TRAINING": _PRETRAINING,
        },
        serving=Serving(PT_SUPPORT, regions),
        source=SUPPORTED_OLD,
        price_family="TitanText" + name.rsplit(" ", 1)[1],
    )


def _image(name: str, model_id: str, regions: tuple[str, ...], retired: str | None) -> Model:
    return Model(
        id=model_id,
        invoke_id=model_id,
        name=name,
        provider="Amazon",
        regions=regions,
        kinds={
            "FINE_TUNING": KindRules(
                source=PREP,
                formats=("image-caption",),
                records_min=Limit(5, PREP),
                records_max=Limit(10_000, QUOTA),
                hyperparameters=(
                    Hyperparameter("batchSize", "int", HP, 8, 192, "8"),
                    Hyperparameter("stepCount", "int", HP, 10, 40_000, choices=("auto",), required=True),
                    Hyperparameter("learningRate", "float", HP, 1e-7, 1, "1e-5"),
                ),
                validation_file="refused",
                validation_file_source=PREP,
                sums_validation=False,
                text_min=3,
                text_max=Limit(1_024, PREP),
                media=MediaRules(
                    PREP,
                    image_formats=("jpeg", "png"),
                    images=1,
                    image_bytes=50 * _MB,
                    side=(512, 4_096),
                    pixels=12_582_912,
                    ratio=4,
                ),
            )
        },
        serving=Serving(PT_SUPPORT, regions),
        source=FT,
        retired=retired,
        price_family="TitanImage",
    )


_EMBEDDING: Final = Model(
    id="amazon.titan-embed-image-v1:0",
    invoke_id="amazon.titan-embed-image-v1",
    name="Amazon Titan Multimodal Embeddings G1",
    provider="Amazon",
    regions=_BOTH,
    kinds={
        "FINE_TUNING": KindRules(
            source=PREP,
            formats=("image-caption",),
            records_min=Limit(1_000, PREP),
            records_max=Limit(500_000, PREP, 50_000, QUOTA),
            hyperparameters=(
                Hyperparameter("epochCount", "int", HP, 1, 100, choices=("Auto",), required=True),
                Hyperparameter("batchSize", "int", HP, 256, 9_216, "576"),
                Hyperparameter("learningRate", "float", HP, 5e-8, 1, "5e-5"),
            ),
            validation_file="refused",
            validation_file_source=PREP,
            sums_validation=False,
            text_min=0,
            text_max=Limit(2_560, PREP),
            media=MediaRules(
                PREP,
                image_formats=("jpeg", "png"),
                images=1,
                image_bytes=5 * _MB,
                side=(128, 4_096),
                pixels=12_528_912,
                ratio=4,
            ),
        )
    },
    serving=Serving(PT_SUPPORT, _BOTH),
    source=FT,
    price_family="TitanMultimodalEmbeddings",
    embeds=True,
)
_PREMIER: Final = Model(
    id="amazon.titan-text-premier-v1:0:32k",
    invoke_id="amazon.titan-text-premier-v1:0",
    name="Amazon Titan Text Premier",
    provider="Amazon",
    regions=_EAST,
    kinds={"FINE_TUNING": _tuning(20_000, _PREMIER_HYPERPARAMETERS)},
    serving=Serving(PT_SUPPORT, _EAST),
    source=PREP,
)

MODELS: Final = (
    _text("Amazon Titan Text Express", "amazon.titan-text-express-v1:0:8k", _BOTH),
    _text("Amazon Titan Text Lite", "amazon.titan-text-lite-v1:0:4k", _BOTH),
    _PREMIER,
    _image("Amazon Titan Image Generator G1 v2", "amazon.titan-image-generator-v2:0", _BOTH, "2026-06-30"),
    _image("Amazon Titan Image Generator G1", "amazon.titan-image-generator-v1:0", _EAST, None),
    _EMBEDDING,
)
