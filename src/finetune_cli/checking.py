"""Checking records on this machine as the pipeline does: the same code, the same rules, the same report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec

from config.environments import ENVIRONMENTS
from finetune_cli.console import Console
from finetune_cli.drops import RUN_FILE, Drop
from finetune_cli.errors import CommandError
from finetune_cli.scanning import scan_files
from finetune_core import reward_source, rewards, runs
from finetune_core.catalogue import find_model, suggest_models
from finetune_core.contracts import RunSettings
from finetune_core.faults import Answer, Fault
from finetune_core.limits import Limits
from finetune_core.model_rules import Model
from finetune_core.partials import EXAMPLES
from finetune_core.settings import for_collection, merge
from finetune_core.validation import (
    ROLES,
    FaultLines,
    Report,
    Role,
    Scanned,
    judge,
    offered_rules,
)
from finetune_core.validation_report import counted

MOST_SPANS = 5


def settings_of(drop: Drop, env: str) -> RunSettings:
    """The settings that the run will have: the environment's defaults with the drop's run.json over them.

    Raises:
        RunRejected: run.json cannot be used; the message says why.
    """
    given = msgspec.convert(ENVIRONMENTS[env].run_defaults, RunSettings, from_attributes=True)
    defaults = for_collection(given, drop.collection)
    last = drop.uploads[-1]
    own = last.content() if last.key.endswith(RUN_FILE) else None
    limits = msgspec.convert(ENVIRONMENTS[env].run_limits, Limits, from_attributes=True)
    return merge(defaults, own, where=str(last.path or last.key), limits=limits)


def check_reward(drop: Drop, settings: RunSettings, env: str) -> None:
    """Hold the drop's reward function against what the environment allows, and its source against Lambda.

    Raises:
        RunRejected: there is none, or one that this run may not have.
        RewardInvalid: reward.py cannot work; the message names the line.
    """
    files = [each for each in drop.uploads if each.key.endswith(f"/{drop.dataset}/{rewards.FILE}")]
    limits = msgspec.convert(ENVIRONMENTS[env].run_limits, Limits, from_attributes=True)
    where = str(files[0].path) if files else drop.dataset
    rewards.check_choice(settings, dropped=bool(files), limits=limits, environment=env, where=where)
    for each in files:
        reward_source.check_source(each.content(), where)


def model_called(name: str) -> Model:
    """The catalogue's row for a model id or ARN.

    Raises:
        CommandError: the catalogue does not know it; with the most similar ids.
    """
    model = find_model(name)
    if model is None:
        near = suggest_models(name)
        advice = f"Did you mean {' or '.join(near)}? " if near else ""
        raise CommandError(
            f"The catalogue has no model {name!r}.",
            where="--model",
            do=f"{advice}See all: finetune models",
        )
    return model


def role_of(path: Path) -> Role:
    """The role that a file's name tells: train unless it says validation or evaluation."""
    return next((role for role in ROLES if path.stem.startswith(role)), "train")


def check_files(
    files: Mapping[Role, Path],
    model: Model,
    kind: str,
    *,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
    processes: int | None = None,
    also: Callable[[list[Scanned]], None] | None = None,
) -> Report:
    """Check a dataset's files together. They are read once, a piece at a time; `also` are further checks.

    Large files are shared among `processes`, as many as there are processors unless it is said.

    Raises:
        CommandError: the model does not offer this kind of customization.
    """
    each = {role: (path,) for role, path in files.items()}
    return _check(each, model, kind, examples=examples, secrets=secrets, processes=processes, also=also)


def _check(
    files: Mapping[Role, Sequence[Path]],
    model: Model,
    kind: str,
    *,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
    processes: int | None = None,
    also: Callable[[list[Scanned]], None] | None = None,
) -> Report:
    try:
        offered_rules(model, kind)
    except ValueError as error:
        do = "Choose another --type or --model; `finetune models` shows what goes together."
        raise CommandError(f"{error}.", where="--type", do=do) from None
    scanned = scan_files(files, model, kind, examples=examples, secrets=secrets, processes=processes)
    if also:
        also(scanned)
    return judge(scanned, model, kind)


def check_drop(drop: Drop, settings: RunSettings) -> Report | None:
    """Check what a drop will upload; None when the catalogue does not know the model, so Bedrock decides."""
    model = find_model(settings.base_model)
    if model is None:
        return None
    return _check(data_files(drop), model, settings.customization_type, secrets=settings.secrets)


def data_files(drop: Drop) -> dict[Role, list[Path]]:
    """The files of records in a drop, by the role that a run gives them: in a corpus all are for training."""
    found: dict[Role, list[Path]] = {}
    for each in drop.uploads:
        role = runs.role_of(runs.Drop(drop.collection, drop.dataset, each.key.split("/", 2)[2]))
        if each.path and role in ROLES:
            found.setdefault(role, []).append(each.path)
    return found


def show_report(report: Report, files: Mapping[Role, object], console: Console) -> None:
    """Print the verdict, a line for each of `files`, and every kind of fault with lines and one example."""
    verdict = ("valid", "green") if report.valid else ("invalid", "red")
    kind = report.kind.lower().replace("_", "-")
    console.say(f"{console.style(verdict[0], 'bold', verdict[1])} for {kind} of {report.model_name}")
    for file in report.files:
        figures = f"{file.records:,} records, about {file.tokens.expected:,} tokens"
        name = files[cast("Role", file.role)]
        console.say(f"  {file.role:<10} {name}: {figures} ({report.format_name})")
    for row in report.lines:
        example = next((f for f in report.faults if (f.role, f.code) == (row.role, row.code)), None)
        _show_fault(row, example, console)
    if report.lines:
        found = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
        console.say(f"\n{found}")


def _show_fault(row: FaultLines, example: Fault | None, console: Console) -> None:
    colour = "red" if row.severity == "error" else "yellow"
    head = console.style(f"{row.severity} {row.code}", "bold", colour)
    console.say(f"\n{head}  {row.role}, {spans(row)} ({row.count:,})")
    if example is None:  # none were asked for
        return
    at = f" at {example.path}" if example.path not in {"", "$"} else ""
    console.say(f"  line {example.line:,}{at}: {example.message}" if example.line else f"  {example.message}")
    console.say(f"  do: {example.remedy}")


def spans(row: FaultLines) -> str:
    """The lines of a fault as people write them: "lines 3, 7-9 and more", or "the whole file"."""
    if not row.ranges:
        return "the whole file"
    shown = [
        f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in row.ranges[:MOST_SPANS]
    ]
    more = " and more" if row.cut or len(row.ranges) > MOST_SPANS else ""
    one = len(shown) == 1 and "-" not in shown[0]
    return f"line{'' if one else 's'} {', '.join(shown)}{more}"
