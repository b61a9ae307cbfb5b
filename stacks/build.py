"""Puts the four stacks of one environment together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Annotations, App, Stack, Tags
from aws_cdk import aws_iam as iam

from config.settings import Settings
from stacks.components.bytecode import compiler
from stacks.components.lambda_asset import lambda_asset
from stacks.monitoring import MonitoringStack
from stacks.pipeline import PipelineStack
from stacks.security import check
from stacks.serving import ServingStack
from stacks.storage import StorageStack

NOT_COMPILED: Final = (
    "The functions go out without bytecode, for there is no {runtime} on this machine to compile them: each"
    " cold start compiles anew and takes about twice the time. Deploy from a machine with {runtime} on its"
    " PATH, or set lambda_runtime to a Python that it has."
)


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """The stacks of one environment."""

    storage: StorageStack
    pipeline: PipelineStack
    serving: ServingStack
    monitoring: MonitoringStack


def build(app: App, *, settings: Settings, code_folder: Path | None = None) -> Stacks:
    """Describe one environment in the app, with cdk-nag's checks on it.

    `code_folder` is the functions' code; without it the asset is built from `lambdas/` (see lambda_asset).
    """
    stacks = _stacks(app, settings, code_folder or lambda_asset(settings))
    if not compiler(settings):
        Annotations.of(stacks.pipeline).add_info(NOT_COMPILED.format(runtime=settings.lambda_runtime))
    Tags.of(app).add("finetune:pipeline", settings.environment)
    if settings.permissions_boundary:
        _bound(app, stacks.storage, settings.permissions_boundary)
    check(app)
    return stacks


def _stacks(app: App, settings: Settings, code_folder: Path) -> Stacks:
    name = f"Finetune-{settings.environment}"
    storage = StorageStack(app, f"{name}-Storage", settings=settings)
    pipeline = PipelineStack(
        app, f"{name}-Pipeline", settings=settings, storage=storage, code_folder=code_folder
    )
    serving = ServingStack(
        app, f"{name}-Serving", settings=settings, storage=storage, pipeline=pipeline, code_folder=code_folder
    )
    monitoring = MonitoringStack(
        app,
        f"{name}-Monitoring",
        settings=settings,
        storage=storage,
        pipeline=pipeline,
        serving=serving,
    )
    return Stacks(storage=storage, pipeline=pipeline, serving=serving, monitoring=monitoring)


def _bound(app: App, stack: Stack, policy: str) -> None:
    """Put the account's permissions boundary on every role."""
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", policy)
    iam.PermissionsBoundary.of(app).apply(boundary)
