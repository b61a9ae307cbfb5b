"""Checks at synth: cdk-nag's AwsSolutions and Serverless packs as plug-ins, and who may silence them where.

A finding is silenced by `acknowledge` alone: exact rule id, narrowest construct, a reason of its own. Nothing
is silenced for a whole stack. cdk-nag does not tell when an acknowledgement matches nothing any more, so a
test compares `acknowledged` with the findings that the packs make without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, NagPack, ServerlessChecks
from constructs import IConstruct

SHORTEST_REASON: Final = 20


def packs(app: App) -> tuple[NagPack, NagPack]:
    """Give the rule packs that every environment has to pass."""
    return AwsSolutionsChecks(app, verbose=True), ServerlessChecks(app, verbose=True)


def check(app: App) -> None:
    """Make synth fail on every finding, warnings included, that is not acknowledged."""
    Validations.of(app).add_plugins(*packs(app))


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Silence one rule (exact id, such as `AwsSolutions-IAM5[Resource::*]`) on the construct and below.

    Raises:
        ValueError: the reason is too short to be one.
    """
    if len(reason) < SHORTEST_REASON:
        raise ValueError(f"{construct.node.path}: say why {rule} does not apply; got {reason!r}.")
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledged(app: App) -> Iterator[tuple[str, str, str]]:
    """Give (construct path, rule id, reason) of every acknowledgement in the app."""
    for construct in app.node.find_all():
        for entry in construct.node.metadata:
            if entry.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY:
                for rule, reason in entry.data.items():
                    yield construct.node.path, rule.removeprefix("Annotation::"), reason
