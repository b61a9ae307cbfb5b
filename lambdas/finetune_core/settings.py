"""Settings of one run: the environment's defaults with ``run.json`` laid over them.

``run.json`` is written by people, so it is read strictly: an unknown key is refused with the nearest known
name, a wrong type or range names the key, broken JSON names line and column.
"""

from __future__ import annotations

import difflib
import json
from typing import Any, Final, NoReturn, get_args

import msgspec

from finetune_core import golden, judges
from finetune_core.catalogue import plain_id
from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected
from finetune_core.gate import JudgeMetric
from finetune_core.limits import UNLIMITED, Limits, broken

MAX_RUN_JSON_BYTES: Final = 65_536
"""A ``run.json`` larger than this is something else under that name."""

TYPES: Final = {
    "fine-tuning": "FINE_TUNING",
    "continued-pre-training": "CONTINUED_PRE_TRAINING",
    "distillation": "DISTILLATION",
    "reinforcement-fine-tuning": "REINFORCEMENT_FINE_TUNING",
}
"""``type`` in ``run.json`` → the API's ``customizationType``."""

CHAMPION: Final = "champion"
"""``base``, or in short ``base_model``: go on from the model that was promoted last."""

_SCHEMA_KEY: Final = "$schema"
_JUDGED: Final = "$.gate.judge.metrics["
_FIELDS: Final = tuple(msgspec.structs.fields(RunSettings))
KEYS: Final = tuple("type" if field.name == "customization_type" else field.name for field in _FIELDS)
"""All keys that ``run.json`` may have (beside ``$schema``, which editors write)."""


def merge(
    defaults: RunSettings, run_json: bytes | None, *, where: str, limits: Limits = UNLIMITED
) -> RunSettings:
    """Return ``defaults`` with the keys of ``run_json`` laid over them.

    When base model or type differ from the defaults', hyperparameters that were not given fall back to the
    model's own: the defaults' would be another model's.

    Raises:
        RunRejected: ``run_json`` is broken, holds an unknown key or an impossible value, or is looser than
            the environment's ``limits``.
    """
    if run_json is None:
        return _within(_checked(defaults, where), limits, where)
    given = _translated(_parsed(run_json, where), where)
    merged = msgspec.to_builtins(defaults)
    other_model = any(
        key in given and given[key] != merged[key] for key in ("base_model", "customization_type")
    )
    if other_model and "hyperparameters" not in given:
        merged["hyperparameters"] = {}
    if "approve_above_usd" in given and "approval" not in given:
        merged["approval"] = "above"
    merged.update(given)
    try:
        settings = msgspec.convert(merged, RunSettings)
    except msgspec.ValidationError as error:
        known = f"Metrics of a judge: {', '.join(get_args(JudgeMetric))}. " if _JUDGED in str(error) else ""
        _refuse(_readable(str(error)), where, f"{known}Correct the value and drop run.json again.")
    _check_month(defaults, settings, where)
    return _within(_checked(settings, where), limits, where)


def for_collection(defaults: RunSettings, collection: str) -> RunSettings:
    """Return the defaults for a collection.

    A corpus is for continued pre-training and goes on from its champion, unless told otherwise.
    """
    if collection != "corpora":
        return defaults
    defaults = msgspec.structs.replace(defaults, base=CHAMPION)
    if defaults.customization_type == "CONTINUED_PRE_TRAINING":
        return defaults
    return msgspec.structs.replace(defaults, customization_type="CONTINUED_PRE_TRAINING", hyperparameters={})


def for_champion(defaults: RunSettings, base_model: str) -> RunSettings:
    """Return the defaults with the base model that the champion comes from."""
    if plain_id(base_model) == plain_id(defaults.base_model):
        return defaults
    return msgspec.structs.replace(defaults, base_model=base_model, hyperparameters={})


def _parsed(text: bytes, where: str) -> dict[str, Any]:
    if len(text) > MAX_RUN_JSON_BYTES:
        _refuse(
            f"run.json has {len(text):,} bytes, more than {MAX_RUN_JSON_BYTES:,}",
            where,
            "Drop the run's settings under that name, nothing else.",
        )
    try:
        value = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        _refuse(f"run.json is not UTF-8 (byte {error.start})", where, "Save the file as UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(
            f"run.json is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            where,
            "Correct the syntax and drop run.json again.",
        )
    except ValueError as error:
        _refuse(f"run.json is malformed: {error}", where, "Correct it and drop run.json again.")
    if not isinstance(value, dict):
        _refuse(
            f"run.json holds {type(value).__name__}, not an object",
            where,
            'Write settings as an object, for example {"base_model": "amazon.nova-micro-v1:0:128k"}.',
        )
    return value


def _translated(given: dict[str, Any], where: str) -> dict[str, Any]:
    given.pop(_SCHEMA_KEY, None)
    if given.get("base_model") == CHAMPION:
        given["base"] = given.pop("base_model")
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            _refuse(f'run.json has an unknown key "{key}".{hint}', where, f"Known keys: {', '.join(KEYS)}.")
    if "type" in given:
        kind = given.pop("type")
        if not isinstance(kind, str) or kind not in TYPES:
            _refuse(f'run.json: "type" is {kind!r}', where, f"Use one of: {', '.join(TYPES)}.")
        given["customization_type"] = TYPES[kind]
    values = given.get("hyperparameters")
    if isinstance(values, dict):
        given["hyperparameters"] = {name: _text(value) for name, value in values.items()}
    return given


def _checked(settings: RunSettings, where: str) -> RunSettings:
    if settings.approval == "above" and settings.approve_above_usd is None:
        _refuse(
            'approval is "above" but approve_above_usd is missing',
            where,
            'Add "approve_above_usd": the price in dollars from which a person is asked.',
        )
    distils = settings.customization_type == "DISTILLATION"
    if distils != (settings.teacher_model is not None) or (settings.max_response_length and not distils):
        _refuse(
            'type "distillation" needs teacher_model'
            if distils
            else "teacher_model and max_response_length are for distillation",
            where,
            'Name the model that answers the prompts, for example "teacher_model": "amazon.nova-pro-v1:0".'
            if distils
            else 'Leave them out, or set "type" to "distillation".',
        )
    unfit = list(judges.faults(settings.gate, settings.serving))
    if unfit:
        _refuse("; ".join(what for what, _ in unfit), where, " ".join(remedy for _, remedy in unfit))
    wrong = golden.faults(settings.golden_prompts)
    if wrong:
        _refuse("; ".join(wrong), where, "Correct golden_prompts and drop run.json again.")
    if settings.commitment != settings.commitment_confirmed:
        asked, again = settings.commitment or "nothing", settings.commitment_confirmed or "nothing"
        _refuse(
            f"a commitment is bought only when it is asked for twice: commitment is {asked}, "
            f"commitment_confirmed is {again}",
            where,
            'A commitment cannot be ended early. Give both the same term ("OneMonth" or "SixMonths"), '
            "or leave both out.",
        )
    if settings.commitment and settings.serving != "provisioned_throughput":
        _refuse(
            f'commitment is for Provisioned Throughput, but serving is "{settings.serving}"',
            where,
            'Set "serving" to "provisioned_throughput", or leave the commitment out.',
        )
    return settings


def _check_month(defaults: RunSettings, settings: RunSettings, where: str) -> None:
    """Refuse a run that would lift the environment's own ceiling of the month."""
    ceiling, wanted = defaults.monthly_ceiling_usd, settings.monthly_ceiling_usd
    if ceiling is not None and (wanted is None or wanted > ceiling):
        _refuse(
            f"monthly_ceiling_usd is {wanted}, above the environment's {ceiling:,.2f}",
            where,
            "A run may lower the ceiling of the month, not raise it: the environment's settings do that.",
        )


def _within(settings: RunSettings, limits: Limits, where: str) -> RunSettings:
    """Refuse a run that would spend more, or ask less, than the platform's settings allow."""
    found = list(broken(settings, limits))
    if found:
        what, remedy = ("; ".join(part) for part in zip(*found, strict=True))
        _refuse(what, where, f"{remedy} The environment's run_limits decide (config/environments.py).")
    return settings


def _text(value: object) -> object:
    """Return a number as the API's string; anything else as it is, for the type check to judge."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    return value


def _readable(message: str) -> str:
    """Turn msgspec's "Expected `int`, got `str` - at `$.model_units`" into words about ``run.json``."""
    problem, _, path = message.partition(" - at ")
    key = path.strip("`").removeprefix("$").lstrip(".").replace("customization_type", "type")
    return f'run.json: "{key}": {problem}' if key else f"run.json: {problem}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f'key "{key}" is given twice')
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")


def _refuse(what: str, where: str, remedy: str) -> NoReturn:
    raise RunRejected(what, where=where, remedy=remedy)
