"""The model catalogue: which model takes what for which customization, as data with sources.

The live answer of GetFoundationModel outranks it: a model that is not listed here is unknown to us, not
impossible. Adding a model means adding a row to one of the `catalogue_data_*.py` files.
"""

import math
from collections.abc import Iterable
from typing import Final, get_args

from finetune_core import (
    catalogue_data_nova,
    catalogue_data_open_weight,
    catalogue_data_others,
    catalogue_data_titan,
)
from finetune_core.model_rules import Hyperparameter, Kind, KindRules, Model

MODELS: Final[tuple[Model, ...]] = (
    *catalogue_data_nova.MODELS,
    *catalogue_data_titan.MODELS,
    *catalogue_data_others.MODELS,
    *catalogue_data_open_weight.MODELS,
)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_SPELLINGS: Final[dict[str, Kind]] = {kind.lower().replace("_", "-"): kind for kind in KINDS}
_PROFILE_PREFIXES: Final = ("us.", "eu.", "apac.", "global.")


def kind_of(name: str) -> Kind:
    """Return the API's customizationType for `fine-tuning`, `FINE_TUNING` and the like.

    Raises ValueError naming the known kinds.
    """
    kind = _SPELLINGS.get(name.strip().lower().replace("_", "-"))
    if kind is None:
        raise ValueError(f"customization type {name!r} is not one of {', '.join(_SPELLINGS)}")
    return kind


def plain_id(model_id_or_arn: str) -> str:
    """Return an id without ARN, inference-profile prefix and context suffix (`:128k`)."""
    name = model_id_or_arn.strip().rsplit("/", 1)[-1]
    for prefix in _PROFILE_PREFIXES:
        name = name.removeprefix(prefix)
    head, _, tail = name.rpartition(":")
    if head and tail.endswith("k") and tail[:-1].isdigit():
        name = head
    return name


_BY_PLAIN_ID: Final = {plain_id(model.id): model for model in MODELS} | {
    plain_id(model.invoke_id): model for model in MODELS
}


def find_model(model_id_or_arn: str) -> Model | None:
    """Return the row for an id, ARN or inference profile; None if the catalogue does not know it.

    The id may have its context suffix or not; an ARN may be a foundation model's or a `us.` profile's.
    """
    return _BY_PLAIN_ID.get(plain_id(model_id_or_arn))


def rules_for(model: Model, kind: str) -> KindRules | None:
    """Return what `model` takes for `kind` (any spelling), None if it does not offer that kind."""
    return model.kinds.get(kind_of(kind))


def suggest_models(text: str, count: int = 3) -> tuple[str, ...]:
    """Return the catalogue ids most like `text`, best first, for messages about an unknown id."""
    plain = {plain_id(model.id): model.id for model in MODELS}
    near = _alike(plain_id(text), plain, count)
    return tuple(plain[name] for name in near)


def check_hyperparameters(model: Model, kind: str, values: dict[str, str]) -> list[str]:
    """Return one message for each value that the model would refuse; empty when all are fine."""
    rules = rules_for(model, kind)
    if rules is None:
        return [f"{model.name} does not offer {kind_of(kind)}; it offers {', '.join(model.kinds)}"]
    known = {row.name: row for row in rules.hyperparameters}
    messages = []
    for name, value in values.items():
        row = known.get(name)
        messages.append(_unknown(name, known, model) if row is None else _refusal(row, value))
    missing = [row for row in rules.hyperparameters if row.required and row.name not in values]
    messages += [f"{row.name} is required by {model.name}: {_range(row)}" for row in missing]
    return [message for message in messages if message]


def warn_hyperparameters(model: Model, kind: str, values: dict[str, str]) -> list[str]:
    """Return one message for each value that one source allows and another does not."""
    rules = rules_for(model, kind)
    messages = []
    for row in rules.hyperparameters if rules else ():
        number = _number(values.get(row.name, ""))
        if row.strict_maximum is None or row.strict_source is None or number is None:
            continue
        if number > row.strict_maximum:
            messages.append(
                f"{row.name} = {values[row.name]} is above {row.strict_maximum:g}, the maximum that "
                f"{row.strict_source.name} gives; {row.source.name} allows {row.maximum:g}"
            )
    return messages


def default_hyperparameters(model: Model, kind: str) -> dict[str, str]:
    """Return the documented defaults as the API wants them; parameters without one are left out."""
    rules = rules_for(model, kind)
    return {
        row.name: row.default for row in (rules.hyperparameters if rules else ()) if row.default is not None
    }


def _unknown(name: str, known: dict[str, Hyperparameter], model: Model) -> str:
    near = _alike(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name} is not a hyperparameter of {model.name} (known: {', '.join(known) or 'none'}){hint}"


def _refusal(row: Hyperparameter, value: object) -> str:
    """Return why `value` is refused, "" if it is not. The API takes strings only."""
    if not isinstance(value, str):
        return f"{row.name} must be a string, not {type(value).__name__}: the API takes strings only"
    if value in row.choices:
        return ""
    number = _number(value)
    if row.kind == "choice" or number is None or (row.kind == "int" and "." in value):
        return f"{row.name} = {value!r} is not {_range(row)}"
    if row.kind == "int" and not number.is_integer():
        return f"{row.name} = {value!r} is not {_range(row)}"
    too_low = row.minimum is not None and number < row.minimum
    too_high = row.maximum is not None and number > row.maximum
    return f"{row.name} = {value} is outside the range: {_range(row)}" if too_low or too_high else ""


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in value else None


def _range(row: Hyperparameter) -> str:
    words = {"int": "a whole number", "float": "a number", "choice": "one of"}[row.kind]
    low = f" from {row.minimum:g}" if row.minimum is not None else ""
    high = f" to {row.maximum:g}" if row.maximum is not None else ""
    other = f" or {', '.join(row.choices)}" if row.choices else ""
    return f"{words}{low}{high}{other} ({row.source.name})"


def _alike(text: str, names: Iterable[str], count: int) -> list[str]:
    """Return at most `count` of the names that look like `text`, the most alike first."""
    from difflib import get_close_matches  # noqa: PLC0415 - every function starts without it

    return get_close_matches(text, list(names), n=count, cutoff=0.5)
