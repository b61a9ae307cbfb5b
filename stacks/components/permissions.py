"""Written permissions: statements in plain data, on roles whose policy nothing else can add to.

A role made here carries all of its permissions inline, so a function never starts before it may do its
work, and no CDK `grant_*` call can widen it unseen. A resource with a wildcard needs a written reason, which
becomes the acknowledgement of cdk-nag's finding on that role alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.security import acknowledge

Conditions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Allow:
    """One statement: these actions on these resources under these conditions.

    `wildcard` is the reason why a resource ends in, or holds, a `*`. Actions are always written in full.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Conditions = field(default_factory=dict)
    wildcard: str = ""

    def statement(self) -> iam.PolicyStatement:
        """Give the statement for a policy document."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions)
        )


class WrittenRole(Construct):
    """A role for one service principal, with exactly the permissions given here.

    `trust` is a condition on the principal itself: in a second statement it would leave the first one open.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        purpose: str,
        trust: Conditions | None = None,
        allow: Sequence[Allow] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self._service = service
        principal: iam.PrincipalBase = iam.ServicePrincipal(service)
        if trust:
            principal = principal.with_conditions(dict(trust))
        document = iam.PolicyDocument(statements=[item.statement() for item in allow])
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=principal,
            description=purpose,
            inline_policies={"Permissions": document} if allow else {},
        )
        self.fixed: iam.IRole = self.role.without_policy_updates()
        """The same role for constructs that would otherwise add permissions of their own."""
        for item in allow:
            self._explain_wildcards(item)

    def _explain_wildcards(self, item: Allow) -> None:
        """Acknowledge each wildcard resource of the statement with its written reason."""
        if starred := [action for action in item.actions if "*" in action]:
            raise ValueError(f"{self.node.path}: write the actions in full instead of {starred}.")
        names = [flatten(Stack.of(self).resolve(resource)) for resource in item.resources]
        for name in names:
            if "*" in name:
                acknowledge(self.role, f"AwsSolutions-IAM5[Resource::{name}]", item.wildcard)
            if name == "*" and self._service == "lambda.amazonaws.com":
                acknowledge(self.role, "Serverless-LambdaStarPermissions", item.wildcard)


def flatten(value: object) -> str:
    """Write a resolved CloudFormation value in the way that cdk-nag 3 does in its finding ids."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), list(items)]}:
            return delimiter.join(flatten(item) for item in items)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{flatten(resource)}.{flatten(attribute)}>"
        case {"Fn::ImportValue": name}:
            return flatten(name)
        case {"Ref": name}:
            return f"<{flatten(name)}>"
    raise TypeError(f"cdk-nag's id of {value!r} is not known here: extend flatten().")
