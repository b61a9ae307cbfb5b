"""A stand-in row for a base model that Bedrock tunes but the catalogue does not know yet.

The live answer outranks the catalogue, so such a model is not refused; its records are checked for their
shape, its limits are not known, and its prices are wide ranges.
"""

from __future__ import annotations

from typing import Final

from finetune_core import catalogue
from finetune_core.catalogue_sources import API
from finetune_core.contracts import Preflight
from finetune_core.model_rules import Format, KindRules, Limit, MediaRules, Model, Serving

_MOST_RECORDS: Final = 1_000_000
_MEDIA: Final = MediaRules(
    API,
    image_formats=("png", "jpeg", "gif", "webp"),
    video_formats=("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"),
    document_formats=("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"),
    mixed=True,
)
"""What Converse takes at all: enums of ImageFormat, VideoFormat, DocumentFormat (botocore 1.43.106)."""


def row_of(preflight: Preflight) -> Model:
    """Return the catalogue's row of the run's base model, or a stand-in without limits."""
    return catalogue.find_model(preflight.base_model_id) or Model(
        id=preflight.base_model_id,
        invoke_id=preflight.invoke_id,
        name=preflight.base_model_name,
        provider="",
        regions=(),
        kinds={
            "FINE_TUNING": _rules(("converse", "messages", "prompt-completion", "image-caption")),
            "CONTINUED_PRE_TRAINING": _rules(("input", "text")),
            "DISTILLATION": _rules(("converse",)),
            "REINFORCEMENT_FINE_TUNING": _rules(("reinforcement",)),
        },
        serving=Serving(API),
        source=API,
    )


def _rules(formats: tuple[Format, ...]) -> KindRules:
    return KindRules(
        source=API,
        formats=formats,
        records_min=Limit(1, API),
        records_max=Limit(_MOST_RECORDS, API),
        strict_turns=False,
        media=_MEDIA,
        reasoning=True,
        tools=True,
    )
