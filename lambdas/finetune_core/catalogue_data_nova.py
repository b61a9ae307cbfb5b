"""Catalogue rows: Amazon Nova understanding models and Nova Canvas."""

from typing import Final

from finetune_core.catalogue_sources import (
    API,
    DIST,
    DIST_CHECKER,
    FT,
    HP,
    NOVA2_BEDROCK,
    NOVA2_DATA,
    NOVA2_PREP,
    NOVA2_SFT,
    NOVA_CANVAS,
    NOVA_DATA,
    NOVA_HP,
    ON_DEMAND,
    PT_SUPPORT,
    QUOTA,
    RFT,
)
from finetune_core.model_rules import Hyperparameter, KindRules, Limit, MediaRules, Model, Serving

_EAST: Final = ("us-east-1",)
_MB: Final = 1_048_576

_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", "int", HP, 1, 5, "2"),
    Hyperparameter("learningRate", "float", HP, 1e-6, 1e-4, "1e-5"),
    Hyperparameter(
        "learningRateWarmupSteps", "int", HP, 0, 100, "10", strict_maximum=20, strict_source=NOVA_HP
    ),
    Hyperparameter("batchSize", "int", NOVA_HP, 1, 1, "1"),
)
_HYPERPARAMETERS_2: Final = (
    Hyperparameter("epochCount", "int", NOVA2_DATA, 1, 5, "2"),
    Hyperparameter("learningRate", "float", NOVA2_DATA, 1e-6, 1e-4, "1e-5"),
    Hyperparameter("learningRateWarmupSteps", "int", NOVA2_DATA, 0, 20, "10"),
    Hyperparameter("batchSize", "int", NOVA_HP, 1, 1, "1"),
)
# Bounds: shape RFTHyperParameters in botocore 1.43.106. No default is published, so none is sent unasked.
_HYPERPARAMETERS_RFT: Final = (
    Hyperparameter("epochCount", "int", API, 1, 50),
    Hyperparameter("batchSize", "int", API, 16, 512),
    Hyperparameter("learningRate", "float", API, 1e-7, 1e-3),
    Hyperparameter("maxPromptLength", "int", API, 1),
    Hyperparameter("trainingSamplePerPrompt", "int", API, 2, 16),
    Hyperparameter("inferenceMaxTokens", "int", API, 1),
    Hyperparameter("reasoningEffort", "choice", API, choices=("low", "medium", "high")),
    Hyperparameter("evalInterval", "int", API, 1, 100),
)
_MEDIA: Final = MediaRules(
    NOVA_DATA,
    image_formats=("png", "jpeg", "gif", "webp"),
    images=10,
    image_bytes=10 * _MB,
    video_formats=("mov", "mkv", "mp4", "webm"),
    videos=1,
    video_bytes=50 * _MB,
    video_seconds=90,
)
_MEDIA_2: Final = MediaRules(
    NOVA2_PREP,
    image_formats=("png", "jpeg", "gif", "webp"),
    images=10,
    image_bytes=10 * _MB,
    video_formats=("mov", "mkv", "mp4", "webm"),
    videos=1,
    video_bytes=50 * _MB,
    video_seconds=900,
    document_formats=("pdf",),
    documents=1,
    document_bytes=10 * _MB,
    strict_formats=("png", "jpeg", "gif", "mov", "mkv", "mp4"),
    strict_source=NOVA2_BEDROCK,
    strict_seconds=90,
    strict_seconds_source=NOVA2_DATA,
)


def _tuning(quota: str, name: str, media: MediaRules | None) -> KindRules:
    return KindRules(
        source=NOVA_DATA,
        formats=("converse",),
        records_min=Limit(8, NOVA_DATA),
        records_max=Limit(20_000, QUOTA),
        hyperparameters=_HYPERPARAMETERS,
        validation_file="optional",
        tokens_max=Limit(32_000, NOVA_DATA),
        media=media,
        reserved="nova",
        advised_records=100,
        quota_code=quota,
        quota_name=f"Sum of training and validation records for a {name} Fine-tuning job",
    )


_DISTILLATION: Final = KindRules(
    source=DIST,
    formats=("converse",),
    records_min=Limit(100, DIST),
    records_max=Limit(15_000, DIST),
    validation_file="refused",
    validation_file_source=DIST,
    sums_validation=False,
    tokens_max=Limit(32_000, DIST),
    line_bytes=Limit(16_384, QUOTA),
    file_bytes=Limit(2 * 1024 * _MB, QUOTA, 1024 * _MB, DIST_CHECKER),
    reserved="nova",
    strict_turns=False,
    schema_version="required",
    prompts=True,
    single_turn=DIST_CHECKER,
)

NOVA_MICRO: Final = Model(
    id="amazon.nova-micro-v1:0:128k",
    invoke_id="amazon.nova-micro-v1:0",
    name="Amazon Nova Micro",
    provider="Amazon",
    regions=_EAST,
    kinds={"FINE_TUNING": _tuning("L-EC6A6ABC", "Nova Micro", None), "DISTILLATION": _DISTILLATION},
    serving=Serving(PT_SUPPORT, _EAST, _EAST, "L-AC096F71"),
    source=FT,
    price_family="NovaMicro",
)
NOVA_LITE: Final = Model(
    id="amazon.nova-lite-v1:0:300k",
    invoke_id="amazon.nova-lite-v1:0",
    name="Amazon Nova Lite",
    provider="Amazon",
    regions=_EAST,
    kinds={"FINE_TUNING": _tuning("L-031F46A7", "Nova Lite", _MEDIA), "DISTILLATION": _DISTILLATION},
    serving=Serving(PT_SUPPORT, _EAST, _EAST, "L-127FC9D0"),
    source=FT,
    price_family="NovaLite",
)
NOVA_PRO: Final = Model(
    id="amazon.nova-pro-v1:0:300k",
    invoke_id="amazon.nova-pro-v1:0",
    name="Amazon Nova Pro",
    provider="Amazon",
    regions=_EAST,
    kinds={"FINE_TUNING": _tuning("L-70FC4C0E", "Nova Pro", _MEDIA), "DISTILLATION": _DISTILLATION},
    serving=Serving(PT_SUPPORT, _EAST, _EAST, "L-E48B7984"),
    source=FT,
    price_family="NovaPro",
)
NOVA_2_LITE: Final = Model(
    id="amazon.nova-2-lite-v1:0:256k",
    invoke_id="us.amazon.nova-2-lite-v1:0",
    name="Amazon Nova 2 Lite",
    provider="Amazon",
    regions=_EAST,
    kinds={
        "FINE_TUNING": KindRules(
            source=NOVA2_DATA,
            formats=("converse",),
            records_min=Limit(8, NOVA2_DATA, 200, NOVA2_SFT),
            records_max=Limit(20_000, QUOTA),
            hyperparameters=_HYPERPARAMETERS_2,
            validation_file="disputed",
            validation_file_source=NOVA2_SFT,
            tokens_max=Limit(32_000, NOVA2_DATA),
            media=_MEDIA_2,
            reserved="nova",
            reasoning=True,
            tools=True,
            tools_disputed=NOVA2_BEDROCK,
            advised_records=2_000,
            quota_code="L-82EE9228",
            quota_name="Sum of training and validation records for a Nova 2 Lite Fine-tuning job",
        ),
        "REINFORCEMENT_FINE_TUNING": KindRules(
            source=RFT,
            formats=("reinforcement",),
            records_min=Limit(100, RFT),
            records_max=Limit(20_000, RFT),
            hyperparameters=_HYPERPARAMETERS_RFT,
            validation_file="optional",
            reserved="nova",
            strict_turns=False,
            prompts=True,
        ),
    },
    serving=Serving(ON_DEMAND, _EAST, _EAST, "L-07D3BCF0"),
    source=FT,
    price_family="Nova2.0Lite",
)
NOVA_CANVAS_ROW: Final = Model(
    id="amazon.nova-canvas-v1:0",
    invoke_id="amazon.nova-canvas-v1:0",
    name="Amazon Nova Canvas",
    provider="Amazon",
    regions=_EAST,
    kinds={
        "FINE_TUNING": KindRules(
            source=NOVA_CANVAS,
            formats=("image-caption",),
            records_min=Limit(5, NOVA_CANVAS),
            records_max=Limit(10_000, QUOTA),
            hyperparameters=(
                Hyperparameter("batchSize", "int", NOVA_CANVAS, 8, 192, "8"),
                Hyperparameter("stepCount", "int", NOVA_CANVAS, 10, 20_000, "500"),
                Hyperparameter("learningRate", "float", NOVA_CANVAS, 1e-7, 1e-4, "1e-5"),
            ),
            validation_file="refused",
            validation_file_source=NOVA_CANVAS,
            sums_validation=False,
            text_min=3,
            text_max=Limit(1_024, NOVA_CANVAS),
            media=MediaRules(
                NOVA_CANVAS,
                image_formats=("jpeg", "png"),
                images=1,
                image_bytes=50 * _MB,
                side=(512, 4_096),
                pixels=12_582_912,
                ratio=4,
            ),
            quota_code="L-D3D1200C",
            quota_name="Records per Nova Canvas Fine-tuning job",
        )
    },
    serving=Serving(PT_SUPPORT, _EAST),
    source=FT,
    legacy="2026-03-30",
    retired="2026-09-30",
)

MODELS: Final = (NOVA_2_LITE, NOVA_MICRO, NOVA_LITE, NOVA_PRO, NOVA_CANVAS_ROW)
