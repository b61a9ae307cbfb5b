"""Catalogue rows: Anthropic, Meta and Cohere."""

from typing import Final

from msgspec import structs

from finetune_core.catalogue_sources import (
    CLAUDE_CHECKER,
    CLAUDE_COOKBOOK,
    DIST,
    DIST_CHECKER,
    FT,
    HP,
    LLAMA_CHECKER,
    ON_DEMAND,
    PREP,
    PT_SUPPORT,
    QUOTA,
)
from finetune_core.model_rules import (
    Format,
    Hyperparameter,
    Kind,
    KindRules,
    Limit,
    MediaRules,
    Model,
    Serving,
)

_WEST: Final = ("us-west-2",)
_MB: Final = 1_048_576
_GB: Final = 1024 * _MB

_LLAMA_HYPERPARAMETERS: Final = (
    Hyperparameter("epochCount", "int", HP, 1, 10, "5"),
    Hyperparameter("batchSize", "int", HP, 1, 1, "1"),
    Hyperparameter("learningRate", "float", HP, 5e-6, 0.1, "1e-4"),
)
_LLAMA_MEDIA: Final = MediaRules(
    PREP,
    image_formats=("gif", "jpeg", "png", "webp"),
    images=1,
    image_bytes=10 * _MB,
    side=(10, 8_192),
)
_STUDENT_TOKENS: Final = {"1-8b": Limit(32_000, DIST), "1-70b": Limit(16_000, DIST)}
"""Tokens of the students that the page names; for the others either may hold."""
_STUDENTS: Final = ("1-8b", "1-70b", "2-1b", "2-3b", "3-70b")
_DISTILLATION: Final = KindRules(
    source=DIST,
    formats=("converse",),
    records_min=Limit(100, DIST),
    records_max=Limit(15_000, DIST),
    validation_file="refused",
    validation_file_source=DIST,
    sums_validation=False,
    tokens_max=Limit(32_000, DIST, 16_000, DIST, "for Llama 3.1 70B"),
    line_bytes=Limit(16_384, QUOTA),
    file_bytes=Limit(2 * _GB, QUOTA, _GB, DIST_CHECKER),
    strict_turns=False,
    schema_version="required",
    prompts=True,
    single_turn=DIST,
)


def _llama(
    name: str, model_id: str, *, legacy: str | None = None, retired: str | None = None, serving: Serving
) -> Model:
    vision = any(size in model_id for size in ("11b", "90b"))
    formats: tuple[Format, ...] = ("prompt-completion",) if "llama3-1" in model_id else ("converse",)
    plain = model_id.rsplit(":", 1)[0]
    tuning = KindRules(
        source=PREP,
        formats=formats,
        records_min=Limit(100, PREP),
        records_max=Limit(10_000, QUOTA),
        hyperparameters=_LLAMA_HYPERPARAMETERS,
        validation_records_max=Limit(10_000, QUOTA, 1_000, LLAMA_CHECKER),
        tokens_max=Limit(10_000 if "90b" in model_id else 16_000, PREP),
        characters_max=Limit(6 * 16_000, PREP) if "llama3-1" in model_id else None,
        media=_LLAMA_MEDIA if vision else None,
        strict_turns=False,
        schema_version="constant",
        system_items=1,
        system_items_source=LLAMA_CHECKER,
        quota_name=f"Sum of training and validation records for a {name} Fine-tuning job",
    )
    size = model_id.removeprefix("meta.llama3-").partition("-instruct")[0]
    tokens = _STUDENT_TOKENS.get(size, _DISTILLATION.tokens_max)
    kinds: dict[Kind, KindRules] = {"FINE_TUNING": tuning}
    if size in _STUDENTS:
        kinds["DISTILLATION"] = structs.replace(_DISTILLATION, tokens_max=tokens)
    return Model(
        id=model_id,
        invoke_id=plain if "llama3-1" in model_id else f"us.{plain}",
        name=name,
        provider="Meta",
        regions=_WEST,
        kinds=kinds,
        serving=serving,
        source=FT,
        legacy=legacy,
        retired=retired,
        price_family=name.removeprefix("Meta ").removesuffix(" Instruct").replace(" ", "-"),
    )


_CLAUDE: Final = Model(
    id="anthropic.claude-3-haiku-20240307-v1:0:200k",
    invoke_id="anthropic.claude-3-haiku-20240307-v1:0",
    name="Anthropic Claude 3 Haiku",
    provider="Anthropic",
    regions=_WEST,
    kinds={
        "FINE_TUNING": KindRules(
            source=PREP,
            formats=("messages",),
            records_min=Limit(32, PREP),
            records_max=Limit(10_000, QUOTA),
            hyperparameters=(
                Hyperparameter("epochCount", "int", HP, 1, 10, "2"),
                Hyperparameter("batchSize", "int", HP, 4, 256, "32"),
                Hyperparameter("learningRateMultiplier", "float", HP, 0.1, 2, "1"),
                Hyperparameter("earlyStoppingThreshold", "float", HP, 0, 0.1, "0.001"),
                Hyperparameter("earlyStoppingPatience", "int", HP, 1, 10, "2"),
            ),
            validation_records_min=Limit(1, PREP, 32, CLAUDE_CHECKER),
            validation_records_max=Limit(1_000, PREP),
            tokens_max=Limit(32_000, PREP),
            file_bytes=Limit(10 * _GB, PREP),
            validation_file_bytes=Limit(_GB, PREP),
            reserved="claude",
            unknown_keys="error",
            quota_code="L-679179D2",
            quota_name="(Model customization) Sum of training and validation records for a Claude 3 Haiku v1 "
            "Fine-tuning job",
        )
    },
    serving=Serving(PT_SUPPORT, _WEST),
    source=CLAUDE_COOKBOOK,
    legacy="2026-03-10",
    retired="2026-09-10",
)


def _cohere(name: str, model_id: str, largest_batch: int) -> Model:
    return Model(
        id=model_id,
        invoke_id=model_id.split(":", 1)[0],
        name=name,
        provider="Cohere",
        regions=("us-east-1", "us-west-2"),
        kinds={
            "FINE_TUNING": KindRules(
                source=PREP,
                formats=("prompt-completion",),
                records_min=Limit(32, PREP),
                records_max=Limit(10_000, PREP),
                hyperparameters=(
                    Hyperparameter("epochCount", "int", HP, 1, 100, "1"),
                    Hyperparameter("batchSize", "int", HP, 8, largest_batch, "8"),
                    Hyperparameter("learningRate", "float", HP, 5e-6, 0.1, "1e-5"),
                    Hyperparameter("earlyStoppingThreshold", "float", HP, 0, 0.1, "0.01"),
                    Hyperparameter("earlyStoppingPatience", "int", HP, 1, 10, "6"),
                    Hyperparameter("evalPercentage", "float", HP, 5, 50, "20"),
                ),
                validation_records_max=Limit(1_000, PREP),
                sums_validation=False,
                tokens_max=Limit(4_096 + 2_048, PREP),
            )
        },
        serving=Serving(PT_SUPPORT, ("us-east-1", "us-west-2")),
        source=HP,
        price_family=name.replace(" ", ""),
    )


def _units(code: str | None = None) -> Serving:
    return Serving(PT_SUPPORT, _WEST, units_quota=code)


_END = "2027-03-30"
MODELS: Final = (
    _llama(
        "Meta Llama 3.3 70B Instruct",
        "meta.llama3-3-70b-instruct-v1:0:128k",
        retired=_END,
        serving=Serving(ON_DEMAND, (), _WEST),
    ),
    _llama("Meta Llama 3.2 1B Instruct", "meta.llama3-2-1b-instruct-v1:0:128k", serving=_units()),
    _llama("Meta Llama 3.2 3B Instruct", "meta.llama3-2-3b-instruct-v1:0:128k", serving=_units()),
    _llama("Meta Llama 3.2 11B Instruct", "meta.llama3-2-11b-instruct-v1:0:128k", serving=_units()),
    _llama(
        "Meta Llama 3.2 90B Instruct",
        "meta.llama3-2-90b-instruct-v1:0:128k",
        retired="2026-07-07",
        serving=_units(),
    ),
    _llama(
        "Meta Llama 3.1 8B Instruct",
        "meta.llama3-1-8b-instruct-v1:0:128k",
        retired=_END,
        serving=_units("L-3632DE15"),
    ),
    _llama(
        "Meta Llama 3.1 70B Instruct", "meta.llama3-1-70b-instruct-v1:0:128k", serving=_units("L-DD7903AD")
    ),
    _CLAUDE,
    _cohere("Cohere Command", "cohere.command-text-v14:7:4k", 8),
    _cohere("Cohere Command Light", "cohere.command-light-text-v14:7:4k", 32),
)
