"""Distillation: a teacher answers the prompts, a smaller student is trained on the answers.

Pairs of teacher and student: Bedrock user guide, prequisites-model-distillation (AWS's own spelling; copy of
about October 2026, read 2026-11-23). The live states of both models outrank the table.
"""

from __future__ import annotations

from typing import Final

from finetune_core.catalogue import plain_id
from finetune_core.catalogue_sources import DIST
from finetune_core.contracts import RunSettings
from finetune_core.errors import ModelNotTunable
from finetune_core.model_rules import Model
from finetune_core.references import Teacher

KIND: Final = "DISTILLATION"
_NOVA: Final = tuple(f"amazon.nova-{size}-v1:0" for size in ("micro", "lite", "pro"))


def _llama(*sizes: str) -> tuple[str, ...]:
    return tuple(f"meta.llama{size}-instruct-v1:0" for size in sizes)


TEACHERS: Final[dict[str, tuple[str, ...]]] = {
    "amazon.nova-pro-v1:0": _NOVA[:2],
    "amazon.nova-premier-v1:0": _NOVA,
    "meta.llama3-1-405b-instruct-v1:0": _llama("3-1-8b", "3-1-70b", "3-2-1b", "3-3-70b"),
    "meta.llama3-1-70b-instruct-v1:0": _llama("3-1-8b", "3-2-1b", "3-2-3b"),
    "meta.llama3-3-70b-instruct-v1:0": _llama("3-1-8b", "3-2-1b", "3-2-3b"),
}
"""Teacher → students, plain ids."""


def teachers_of(model: Model) -> list[str]:
    """Return the teachers that the documentation names for a student."""
    return [teacher for teacher, students in TEACHERS.items() if plain_id(model.id) in students]


def choose_teacher(settings: RunSettings, model: Model | None) -> Teacher | None:
    """Return the run's teacher, None for other kinds of customization.

    Raises:
        ModelNotTunable: no teacher is named, or one that does not teach this student.
    """
    named = settings.teacher_model
    if settings.customization_type != KIND or named is None:
        return None
    if model is not None and plain_id(named) not in teachers_of(model):
        known = ", ".join(teachers_of(model)) or "none"
        raise ModelNotTunable(
            f"{named} does not teach {model.name}",
            where=f"teacher_model ({DIST.name}, read {DIST.read})",
            remedy=f"Teachers of this student: {known}.",
        )
    return Teacher(model=named, max_response_length=settings.max_response_length)


def check_teacher(teacher: Teacher, lifecycle: str | None, region: str) -> list[str]:
    """Return warnings about a teacher by its live state; None is a model that Bedrock does not know here.

    Raises:
        ModelNotTunable: the Region has no such model.
    """
    if lifecycle is None:
        raise ModelNotTunable(
            f"Bedrock has no model {teacher.model} to teach with",
            where=f"teacher_model, Region {region}",
            remedy="It may have reached its end of life. Name another teacher, or run in its Region.",
        )
    if lifecycle != "ACTIVE":
        return [
            f"The teacher {teacher.model} is {lifecycle}: accounts that did not use it lately are refused."
        ]
    return []
