"""`python -m finetune_cli.schemas` writes `schemas/`: JSON Schemas for editors, of datasets and settings.

All are generated from types: the record formats from `record_types`, `run.json` from `RunSettings` as
`finetune_core.settings` reads it, the validation report from `finetune_core.validation.Report`.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from finetune_cli.record_types import RECORDS
from finetune_core.contracts import RunSettings
from finetune_core.records import NAMES
from finetune_core.settings import TYPES
from finetune_core.validation import Report

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = Path("schemas")

RUN_KEYS: Final = {
    "base_model": "Model to customize: its id with the context suffix, as `finetune models` lists it.",
    "type": "Kind of customization.",
    "hyperparameters": "Hyperparameters of the job by the service's names; the model's defaults stand in.",
    "serving": "How the custom model is served; auto takes what the model and the quotas allow.",
    "model_units": "Model units of Provisioned Throughput.",
    "time_to_live_hours": "Hours until the endpoint expires and is deleted.",
    "validation_fraction": "Share of the training file that validates, if there is no validation file.",
    "evaluation_records": "Records held out for the comparison with base model and champion; 0 for none.",
    "minimum_gain": "Gain of the metric (-1 to 1) over champion or base model that promotes a model.",
    "budget_usd": "Ceiling in US dollars: a run that is expected to cost more is stopped. null for none.",
    "approval": "Whether a person must agree to the price first.",
    "approve_above_usd": "With approval above: the price in US dollars from which a person is asked.",
    "monthly_ceiling_usd": "Ceiling of all runs of a month; a run may lower the environment's, not raise it.",
    "over_budget": "What happens above a ceiling: the run is refused, or people are asked.",
    "commitment": "Term of a commitment for Provisioned Throughput; it cannot be ended early.",
    "commitment_confirmed": "The same term again: without it a commitment is refused.",
    "keep_model": "Whether the custom model of a run that failed is kept.",
    "gate": "What decides: metric, fewest records, largest loss that a slice may suffer, a judge on request.",
    "watch": "How a new champion is watched, and when the one before takes over again.",
    "golden_prompts": "Prompts with known answers that the endpoint must pass before it is evaluated.",
    "base": "champion: train the model that was promoted last further; model: start from the base model.",
    "minimum_new_bytes": "Bytes of a corpus that must be new before a drop starts a run; 0: every drop.",
    "training_gate": "What in the loss curves keeps a model from being served.",
    "rollout": "Where a candidate is judged: beside the champion (blue_green) or in its endpoint (in_place).",
    "secrets": "What likely secrets and personal data are: not looked for, warnings, or errors.",
    "near_duplicates": "What records that say nearly the same are: not looked for, warnings, or errors.",
    "teacher_model": "Model that answers the prompts of a distillation.",
    "max_response_length": "Longest answer of the teacher in tokens; the service's own limit if left out.",
    "reward_function": "Name or ARN of the deployed function that grades answers, in place of reward.py.",
}
"""What each key of `run.json` means."""

REPORT_KEYS: Final = {
    "valid": "Whether the dataset can be used: no errors; warnings do not count.",
    "model": "Id of the base model that the dataset was checked for.",
    "model_name": "Name of the base model.",
    "kind": "Kind of customization.",
    "format": "Format of the records, null if none was recognised.",
    "format_name": "The format in words.",
    "records": "Records of all files.",
    "errors": "Number of errors.",
    "warnings": "Number of warnings.",
    "counts": "Number of faults by code, complete.",
    "faults": "Examples: the first few faults of each code.",
    "tokens": "Estimated tokens of one pass over the training file.",
    "files": "Figures of each file.",
    "lines": "The lines of every fault, complete.",
    "repair": "What `--fix` changed and dropped before; null without it.",
}
"""What each key of the validation report means."""


def render() -> dict[str, str]:
    """Every schema's text by file name."""
    schemas = {f"{name}.schema.json": _record(name) for name in RECORDS}
    schemas["run.schema.json"] = _run()
    schemas["validation-report.schema.json"] = _report()
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def main(arguments: list[str]) -> int:
    """Write the files into the folder named, `schemas` by default."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _record(name: str) -> Schema:
    title = f"One line of a dataset: {NAMES[name]}"
    return _schema(RECORDS[name], title)


def _run() -> Schema:
    """`run.json`: no key is required, defaults are the environment's, hyperparameters may be numbers."""
    schema = _schema(RunSettings, "run.json: settings of one run")
    schema["description"] = "All keys are optional: the environment's settings stand in for what is left out."
    keys: dict[str, Schema] = {}
    for name, value in schema["properties"].items():
        key = "type" if name == "customization_type" else name
        keys[key] = {"description": RUN_KEYS[key], **value}
        keys[key].pop("default", None)
    keys["type"]["enum"] = list(TYPES)
    keys["hyperparameters"]["additionalProperties"] = {"type": ["string", "number"]}
    schema["properties"] = {"$schema": {"type": "string"}, **keys}
    schema["additionalProperties"] = False
    del schema["required"]
    return schema


def _report() -> Schema:
    schema = _schema(Report, "Report of the dataset validator")
    described = schema["properties"].items()
    schema["properties"] = {key: {"description": REPORT_KEYS[key], **value} for key, value in described}
    return schema


def _schema(kind: type[msgspec.Struct], title: str) -> Schema:
    """The schema of a type with the type itself at the top."""
    schema = _tidied(msgspec.json.schema(kind))
    top = schema["$defs"].pop(kind.__name__)
    parts = {"$defs": schema["$defs"]} if schema["$defs"] else {}
    return {"$schema": DIALECT, **top, "title": title, **parts}


def _tidied(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Docstrings without their indent, no empty list of required keys."""
    if isinstance(value, list):
        return [_tidied(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidied = {key: _tidied(item) for key, item in value.items() if item != [] or key != "required"}
    if isinstance(tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(tidied["description"]).replace("``", "`")
    return tidied


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
