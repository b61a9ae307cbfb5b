"""Links that answer approvals: what they add to a deployment, and that they add nothing when they are off."""

import json
from typing import Any

import pytest

from config.environments import ENVIRONMENTS, LOCAL
from stacks.components.pipeline_function import construct_name
from tests.infrastructure.policies import actions, statements
from tests.infrastructure.synthesis import Synthesised
from tests.infrastructure.test_checks import stale, unanswered
from tests.infrastructure.test_permissions import role_of

URL, KEY, PERMISSION = "AWS::Lambda::Url", "AWS::KMS::Key", "AWS::Lambda::Permission"


def only(synthesised: Synthesised, kind: str) -> dict[str, Any]:
    """The one resource of a type in the pipeline's stack."""
    (found,) = synthesised.resources("Pipeline", kind).values()
    return found


def by_name(synthesised: Synthesised, name: str) -> str:
    """Logical id of a function."""
    functions = synthesised.resources("Pipeline", "AWS::Lambda::Function")
    (found,) = [key for key in functions if key.startswith(f"{construct_name(name)}Function")]
    return found


def test_only_the_local_environment_has_links_by_default():
    assert [settings for settings in ENVIRONMENTS.values() if settings.approval_links] == [LOCAL]


def test_without_the_setting_there_is_no_public_address_and_no_key(prod: Synthesised):
    assert prod.everywhere(URL) == []
    assert len(prod.everywhere(KEY)) == 1  # the one that encrypts
    for _, permission in prod.everywhere(PERMISSION):
        assert permission["Properties"]["Principal"] != "*"
    for _, role in prod.everywhere("AWS::IAM::Role"):
        assert not actions(role) & {"kms:GenerateMac", "kms:VerifyMac", "states:SendTaskSuccess"}
    variables = prod.resources("Pipeline", "AWS::Lambda::Function")[by_name(prod, "request_approval")]
    found = variables["Properties"]["Environment"]["Variables"]
    assert (found["LINK_ADDRESS"], found["LINK_KEY"]) == ("", "")


def test_the_setting_adds_one_function_its_address_and_a_key(prod: Synthesised, linked: Synthesised):
    def kinds(synthesised: Synthesised) -> list[str]:
        return sorted(
            resource["Type"]
            for template in synthesised.templates.values()
            for resource in template["Resources"].values()
        )

    added = kinds(linked)
    for kind in kinds(prod):
        added.remove(kind)
    assert added == sorted(
        [
            URL,
            KEY,
            PERMISSION,
            PERMISSION,
            "AWS::IAM::Role",
            "AWS::Lambda::Function",
            "AWS::Logs::LogGroup",
        ]
    )


def test_anybody_may_call_the_address_and_nothing_but_the_address(linked: Synthesised):
    function = {"Fn::GetAtt": [by_name(linked, "answer_approval"), "Arn"]}
    assert only(linked, URL)["Properties"] == {"AuthType": "NONE", "TargetFunctionArn": function}
    public = [
        permission["Properties"]
        for _, permission in linked.everywhere(PERMISSION)
        if permission["Properties"]["Principal"] == "*"
    ]
    both = {"FunctionName": function, "Principal": "*"}
    assert sorted(public, key=lambda each: each["Action"]) == [
        both | {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
        both | {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    ]


def test_the_key_signs_and_can_do_nothing_else(linked: Synthesised):
    key = only(linked, KEY)["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    assert key["PendingWindowInDays"] == 7


@pytest.mark.parametrize(
    ("name", "action"), [("request_approval", "kms:GenerateMac"), ("answer_approval", "kms:VerifyMac")]
)
def test_one_function_signs_and_another_checks(linked: Synthesised, name: str, action: str):
    (key,) = linked.resources("Pipeline", KEY)
    role = role_of(linked, construct_name(name))
    (found,) = [statement for statement in statements(role) if statement["Action"] == action]
    assert found == {"Action": action, "Effect": "Allow", "Resource": {"Fn::GetAtt": [key, "Arn"]}}
    holders = [path for path, each in linked.everywhere("AWS::IAM::Role") if action in actions(each)]
    assert [path.startswith(f"Pipeline/{construct_name(name)}") for path in holders] == [True]


def test_the_notice_gets_the_address_that_answers(linked: Synthesised):
    functions = linked.resources("Pipeline", "AWS::Lambda::Function")
    (url,) = linked.resources("Pipeline", URL)
    (key,) = linked.resources("Pipeline", KEY)
    asking = functions[by_name(linked, "request_approval")]["Properties"]["Environment"]["Variables"]
    assert asking["LINK_ADDRESS"] == {"Fn::GetAtt": [url, "FunctionUrl"]}
    assert asking["LINK_KEY"] == {"Fn::GetAtt": [key, "Arn"]}
    answering = functions[by_name(linked, "answer_approval")]["Properties"]
    assert set(answering["Environment"]["Variables"]) == {"ENVIRONMENT", "LEDGER_TABLE", "LINK_KEY"}
    assert answering["ReservedConcurrentExecutions"] == 2


def test_the_state_machine_may_not_call_the_public_function(linked: Synthesised):
    name = by_name(linked, "answer_approval")
    invoking = [
        statement
        for _, role in linked.everywhere("AWS::IAM::Role")
        for statement in statements(role)
        if "lambda:InvokeFunction" in json.dumps(statement["Action"])
    ]
    assert invoking
    assert not [statement for statement in invoking if name in json.dumps(statement["Resource"])]


def test_links_bring_no_finding_of_cdk_nag(linked: Synthesised):
    assert (unanswered(linked), stale(linked)) == (set(), set())
