"""Settings, models, alarms, outcomes, states and prices in README.md and docs/ are those of the code."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import tests.infrastructure.node  # noqa: F401 - before anything imports aws_cdk
from config.environments import DEV, LOCAL, PROD
from config.settings import RunDefaults, Settings
from finetune_core import errors
from finetune_core.catalogue import MODELS
from finetune_core.contracts import RunSettings
from finetune_core.functions import FUNCTIONS
from finetune_core.prices import REINFORCING_HOURS
from finetune_core.prices_data import PRICES, STORAGE_MONTH, UNKNOWN
from finetune_core.settings import KEYS, TYPES, merge
from stacks.workflow import Resources, Timing, definition
from tests.docs.markdown import PAGES, ROOT, code, fences, headings, prose, tables

DOCS = ROOT / "docs"
DATA, OPERATIONS, COST = DOCS / "data.md", DOCS / "operations.md", DOCS / "cost.md"
WRITTEN_KINDS = {api: written for written, api in TYPES.items()}


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_run_json_has_these_keys_and_defaults():
    table = {names(row[0])[0]: row[1].strip("`") for row in tables(DATA, "key", "default")}
    assert set(table) == set(KEYS)
    defaults = RunDefaults()
    for key, shown in table.items():
        # A commitment has no default: each run asks for its own.
        value = getattr(defaults, "customization_type" if key == "type" else key, None)
        if key == "type":
            assert shown == WRITTEN_KINDS[value]
        elif isinstance(value, str):
            assert shown == value, key
        else:
            assert json.loads(shown) == value, key


def test_the_example_of_run_json_is_taken():
    (text,) = (text for text in fences(DATA, "json") if set(json.loads(text)) <= set(KEYS))
    defaults = RunSettings(**json.loads(RunDefaults().to_json()))
    merged = merge(defaults, text.encode(), where="docs/data.md")
    assert merged.base_model == json.loads(text)["base_model"]


@pytest.mark.parametrize("name", ["converse", "messages", "prompt-completion", "input", "image-caption"])
def test_each_format_has_an_example_that_its_schema_takes(name):
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())
    text = re.search(rf"^`{name}`.*?```json\n(.*?)```", DATA.read_text(), re.MULTILINE | re.DOTALL)
    assert text, name
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(text[1])))


def test_every_model_that_can_be_customized_is_listed_as_the_catalogue_has_it():
    expected = [
        [
            f"`{model.id}`",
            WRITTEN_KINDS[kind],
            f"`{rules.formats[0]}`",
            f"{rules.records_min.value:,} to {rules.records_max.value:,}",
            rules.validation_file,
            ", ".join(model.regions),
            " ".join(
                way
                for way, there in (("O", model.serving.on_demand), ("P", model.serving.provisioned))
                if there
            ),
            model.retired or "",
        ]
        for model in MODELS
        for kind, rules in model.kinds.items()
        if kind in WRITTEN_KINDS and model.jobs
    ]
    assert list(tables(DATA, "model", "type")) == expected


def test_every_alarm_has_a_section_and_every_section_an_alarm(tmp_path):
    from aws_cdk import aws_cloudwatch as cloudwatch  # noqa: PLC0415

    from stacks.build import build  # noqa: PLC0415
    from tests.infrastructure.synthesis import make_app  # noqa: PLC0415

    app = make_app(tmp_path)
    monitoring = build(app, settings=LOCAL, code_folder=Path(__file__).parent).monitoring
    alarms = {node.node.id for node in monitoring.node.find_all() if isinstance(node, cloudwatch.Alarm)}
    assert set(headings(OPERATIONS, 3)) == alarms


def test_every_outcome_of_a_run_is_explained():
    explained = {name for row in tables(OPERATIONS, "outcome", "spent") for name in names(row[0])}
    run_errors = {kind.__name__ for kind in _below(errors.RunError)}
    closing = ast.literal_eval(_assigned(ROOT / "lambdas/close_run/closing.py", "OUTCOMES")).values()
    assert explained == {"Promoted", *run_errors, *closing}
    technical = {name for row in tables(OPERATIONS, "name", "what it means") for name in names(row[0])}
    assert {kind.__name__ for kind in _below(errors.ServiceError)} | {"SettingsError"} <= technical


def _below(kind: type) -> list[type]:
    return [each for below in kind.__subclasses__() for each in (below, *_below(below))]


def _assigned(path: Path, name: str) -> ast.expr:
    """The value that a module assigns to a name: importing the function would need its environment."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert node.value is not None
            return node.value
    raise AssertionError(f"{path} assigns no {name}")


def test_the_states_are_those_of_the_workflow():
    resources = Resources(
        environment="local",
        functions=dict.fromkeys(FUNCTIONS, "arn"),
        ledger_table="ledger",
        bedrock_role_arn="arn",
        evaluation_role_arn="arn",
        model_key_arn="arn",
        artifacts_bucket="bucket",
    )
    states = definition(resources=resources, timing=Timing())["States"]
    assert isinstance(states, dict)
    inside = {name for state in states.values() for name in state.get("ItemProcessor", {}).get("States", {})}
    branches = [branch for state in states.values() for branch in state.get("Branches", [])]
    inside |= {name for branch in branches for name in branch["States"]}
    rows = {row[0]: names(row[1]) for row in tables(DOCS / "architecture.md", "phase", "states")}
    assert sorted(name for listed in rows.values() for name in listed) == sorted({*states, *inside})
    modules = {path.stem for path in (ROOT / "stacks" / "workflow").glob("*.py")}
    assert set(rows) <= modules


def test_every_function_is_in_the_table_of_permissions():
    table = [names(row[0])[0] for row in tables(DOCS / "security.md", "function", "beside its log")]
    assert sorted(table) == sorted(FUNCTIONS)


def test_settings_that_are_named_exist():
    known = {field.name for kind in (Settings, RunDefaults) for field in fields(kind)} | set(KEYS)
    endings = (
        "_hours",
        "_seconds",
        "_days",
        "_usd",
        "_emails",
        "_defaults",
        "_data",
        "_boundary",
        "_records",
    )
    for page in PAGES:
        for text in code(page):
            if re.fullmatch(r"[a-z_]+", text) and text.endswith(endings):
                assert text in known, f"{text} in {page.name}"


def test_defaults_that_are_told_in_words_are_the_environments():
    dev, prod = DEV.run_defaults, PROD.run_defaults
    asks = f"budget {dev.budget_usd:g}, asks above {dev.approve_above_usd:g}"
    assert f"DEV: {asks}, lives {dev.time_to_live_hours:g} hours" in " ".join(prose(DATA).split())
    assert prod.approval == "always"
    told = f"(6; DEV {DEV.guardian_idle_hours:g}; LOCAL {LOCAL.guardian_idle_hours:g})"
    assert told in prose(COST)
    assert Settings(environment="any").guardian_idle_hours == 6
    assert PROD.monthly_budget_usd == 2000


def test_prices_are_those_of_the_table():
    shown = {row[0]: (row[1], row[2]) for row in tables(COST, "family", "training, per 1,000 tokens")}
    expected = {
        name: (
            f"${row.training.dollars:g}" if row.training else "",
            f"${row.unit_hour.dollars:.2f}" if row.unit_hour else "",
        )
        for name, row in PRICES.items()
        if row.training or row.unit_hour
    }
    assert shown == expected
    low, middle, high = UNKNOWN["unit_hour"]
    text = " ".join(prose(COST).split())
    assert f"${low:.2f} to ${high:.2f} an hour, expected ${middle:.2f}" in text
    assert f"${STORAGE_MONTH.dollars:.2f} a month" in text
    low, middle, high = UNKNOWN["training_hour"]
    least, hours, most = REINFORCING_HOURS
    told = f"an hour is taken as ${low:.2f} to ${high:.2f}, expected ${middle:.2f}"
    assert f"{told}, and a job as {least:g} to {most:g} hours, expected {hours:g}" in text


def test_measured_figures_are_those_of_the_last_benchmark():
    found = json.loads((ROOT / "benchmarks" / "results" / "pipeline.json").read_text())
    middle, cold, used = found["median"], found["warm_up"], found["one_run_on_aws"]
    rows = {row[0]: row[1:] for row in tables(COST, "", "warm")}
    for label, key in (
        ("drop to start of training", "drop_to_training_seconds"),
        ("pipeline's own time, drop to promotion", "overhead_seconds"),
    ):
        assert rows[label] == [f"{middle[key]:.2f} s", f"{cold[key]:.2f} s"]
    counted = {row[0]: row[1] for row in tables(COST, "one promoted run on AWS")}
    assert counted["Step Functions, state transitions"] == str(used["transitions"])
    assert counted["Lambda, invocations"] == str(used["invocations"])
    assert counted["DynamoDB, write request units"] == str(used["write_units"])
    assert f"{used['dollars']['together']:.4f}" in prose(COST)
    assert found["measured_at"][:10] in prose(COST)


def test_the_readme_gives_the_same_figures_in_short():
    found = json.loads((ROOT / "benchmarks" / "results" / "pipeline.json").read_text())
    middle, cold = found["median"], found["warm_up"]
    text = " ".join(prose(ROOT / "README.md").split())
    start = f"{middle['drop_to_training_seconds']:.1f} s (all cold: {cold['drop_to_training_seconds']:.1f} s)"
    own = f"{middle['overhead_seconds']:.1f} s ({cold['overhead_seconds']:.1f} s) in all"
    assert start in text
    assert own in text
    assert f"${found['one_run_on_aws']['dollars']['together']:.3f}" in text
    hourly = [row.unit_hour.dollars for row in PRICES.values() if row.unit_hour]
    assert f"${min(hourly):.2f} to ${max(hourly):.2f} per model unit" in text
