"""Near duplicates within and between the pinned files of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from finetune_core.contracts import Plan
from finetune_core.model_rules import Model
from finetune_core.preparation import MOST_COMPARED
from finetune_core.validation import Scanned, spec_of

if TYPE_CHECKING:
    from finetune_core.near_duplicates import Grouping


def check(
    scanned: list[Scanned], read: Callable[[str], Iterable[bytes]], plan: Plan, model: Model, kind: str
) -> Grouping | None:
    """Add the faults that the run's settings ask for; return how the records go together, if that was found.

    ``read`` gives a role's bytes, each time it is called. A dataset too large for one function gets a warning
    that says so.
    """
    answer = plan.settings.near_duplicates
    files = [file for file in scanned if not file.sniffed.code and file.partial.records]
    if answer == "off" or not files:
        return None
    from finetune_core import near_checks  # noqa: PLC0415 - costs the function's start

    partials = {file.role: file.partial for file in files}
    specs = {file.role: spec_of(file.sniffed, model, kind, file.role) for file in files}
    if sum(found.size for found in partials.values()) > MOST_COMPARED:
        first = files[0].role
        near_checks.note_not_compared(partials[first], specs[first], f"more than {MOST_COMPARED:,} bytes")
        return None
    readers = {role: partial(read, role) for role in partials}
    grouping = near_checks.check_near_duplicates(readers, partials, specs, answer=answer)
    return grouping if files[0].role == "train" else None
