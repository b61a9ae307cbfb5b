"""Hooks into the emulator's IAM: decisions about principals and services, temporary credentials."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ministack.core import iam_evaluator
from ministack.services import iam, lambda_svc, sns, sqs, sts

from finetune_local.hooks.gateway import enforcement, tenant
from finetune_local.sessions import Credentials
from finetune_local.values import Json


@dataclass(frozen=True, kw_only=True)
class Denial:
    """A request that IAM refuses: the service's error `code` and the message that AWS would give."""

    code: str
    message: str


def judge(key: str, action: str, resource: str, context: Mapping[str, Any]) -> Denial | None:
    """Judge one action of the holder of access key `key` on one resource; None means allowed.

    `context` holds condition keys (`iam:PassedToService`, `aws:RequestTag/x`, …).
    """
    if not enforcement():
        return None
    service = action.partition(":")[0]
    verdict = iam_evaluator.enforce(
        key, action, service, tenant()[1], resource_arn=resource, service_context=dict(context)
    )
    if verdict is None:
        return None
    if isinstance(verdict, iam_evaluator.AuthError):
        return Denial(code=verdict.code, message=verdict.message)
    why = (
        "with an explicit deny in a policy"
        if verdict.decision == "Deny"
        else f"because no identity-based policy allows the {action} action"
    )
    who = f"User: {verdict.principal_arn} is not authorized to perform: {action}"
    return Denial(code="AccessDeniedException", message=f"{who} on resource: {resource} {why}")


def role_exists(role_arn: str) -> bool:
    """Whether the emulated IAM holds this role."""
    return _role(role_arn) is not None


def _role(role_arn: str) -> Json | None:
    parts = role_arn.split(":", 5)
    if len(parts) != 6:
        return None
    role = iam._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1])
    return role if role and role.get("Arn") == role_arn else None


def trust_allows(role_arn: str, service: str, context: Mapping[str, str]) -> bool:
    """Whether a role exists and its trust policy lets `service` (a service principal) assume it."""
    role = _role(role_arn)
    if role is None or not enforcement():
        return role is not None
    document = role["AssumeRolePolicyDocument"]
    return _allows_service(document, service, "sts:AssumeRole", role_arn, context)


def function_allows(function_arn: str, service: str, context: Mapping[str, str]) -> bool:
    """Whether a function's resource policy lets `service` invoke it."""
    if not enforcement():
        return True
    return _allows_service(_policy_of(function_arn), service, "lambda:InvokeFunction", function_arn, context)


def function_allows_anybody(function_arn: str, action: str, context: Mapping[str, str]) -> bool:
    """Whether a function's resource policy lets a caller without credentials do `action`."""
    if not enforcement():
        return True
    return _allows_service(_policy_of(function_arn), "anonymous", action, function_arn, context)


def _policy_of(function_arn: str) -> Json:
    function = lambda_svc._get_func_record_for_ref(function_arn)[0]
    return (function or {}).get("policy") or {}


def topic_allows(topic_arn: str, service: str, source_arn: str, account: str) -> bool:
    """Whether a topic's policy lets `service` publish to it on behalf of `source_arn`."""
    return bool(sns.topic_policy_allows(topic_arn, service, source_arn, account))


def queue_allows(queue_arn: str, service: str, source_arn: str, account: str) -> bool:
    """Whether a queue's policy lets `service` send to it on behalf of `source_arn`."""
    return bool(sqs.queue_policy_allows(queue_arn, service, source_arn, account))


def _allows_service(
    document: str | Json, service: str, action: str, resource: str, context: Mapping[str, str]
) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    # A trust policy names no resource: it is about the role that it hangs on.
    named = [{"Resource": resource, **statement} for statement in statements]
    request = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=tenant()[1],
        service_context={key.lower(): value for key, value in context.items()},
    )
    verdict = iam_evaluator.evaluate_resource_policy({"Statement": named}, request, service=service)
    return bool(verdict.decision == "Allow")


def issue_credentials(role_arn: str, session_name: str, seconds: int) -> Credentials:
    """Issue temporary credentials of a role, as AssumeRole does, without judging anybody."""
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    issued = Credentials(
        access_key=f"ASIA{uuid4().hex[:16].upper()}", secret_key=uuid4().hex, token=uuid4().hex
    )
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session_name}",
        "UserId": f"{(_role(role_arn) or {}).get('RoleId', role)}:{session_name}",
        "AccountId": account,
        "SecretAccessKey": issued.secret_key,
        "SessionToken": issued.token,
        "Expiration": time.time() + seconds,
    }
    sts.register_session(issued.access_key, session)
    return issued
