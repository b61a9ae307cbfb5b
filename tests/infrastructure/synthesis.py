"""Synthesises an environment as plain templates, with all of cdk-nag's acknowledgements set aside."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

import stacks.security
from config.settings import Settings
from finetune_core.functions import FUNCTIONS, Function
from stacks.build import build

ROOT = Path(__file__).parents[2]
CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]
Template = dict[str, Any]
Resource = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """One environment: templates by stack (Storage, Pipeline, …) and cdk-nag's raw findings."""

    settings: Settings
    folder: Path
    templates: dict[str, Template]
    findings: set[tuple[str, str]]
    acknowledged: set[tuple[str, str]]

    def resources(self, stack: str, kind: str) -> dict[str, Resource]:
        """Resources of a type in a stack, by logical id."""
        found = self.templates[stack]["Resources"].items()
        return {name: resource for name, resource in found if resource["Type"] == kind}

    def everywhere(self, kind: str) -> list[tuple[str, Resource]]:
        """(Stack/logical id, resource) of a type in all stacks."""
        return [
            (f"{stack}/{name}", resource)
            for stack in self.templates
            for name, resource in self.resources(stack, kind).items()
        ]


def deployed_functions(settings: Settings) -> dict[str, Function]:
    """The functions that an environment has: all but those of settings that it leaves off."""
    return {
        name: declared
        for name, declared in FUNCTIONS.items()
        if not declared.setting or getattr(settings, declared.setting)
    }


@dataclass
class Recorder:
    """Stands where the CDK's Validations stands, and keeps acknowledgements instead of applying them."""

    kept: set[tuple[str, str]]

    def of(self, construct: Any) -> "RecorderOf":
        return RecorderOf(self.kept, construct.node.path)


@dataclass
class RecorderOf:
    kept: set[tuple[str, str]]
    path: str

    def acknowledge(self, *rules: Any) -> None:
        self.kept.update((self.path, rule.id) for rule in rules)

    def add_plugins(self, *_packs: Any) -> None:
        """The packs are asked afterwards."""


def make_app(folder: Path, context: dict[str, Any] | None = None) -> App:
    return App(context={**CONTEXT, **(context or {})}, outdir=str(folder))


def synthesise(settings: Settings, folder: Path, code_folder: Path) -> Synthesised:
    """Describe the environment with all acknowledgements set aside, then ask the packs."""
    recorder = Recorder(set())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks.security, "Validations", recorder)
        app = make_app(folder)
        build(app, settings=settings, code_folder=code_folder)
        assembly = app.synth()
    templates = {stack.stack_name.split("-")[2]: stack.template for stack in assembly.stacks}
    findings = {
        (resource.construct_path, violation.rule_name)
        for pack in stacks.security.packs(app)
        for violation in pack.validate_scope(app).violations
        for resource in violation.violating_resources
    }
    return Synthesised(settings, folder, templates, findings, recorder.kept)
