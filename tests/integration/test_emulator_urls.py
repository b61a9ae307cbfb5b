"""A function's public address in the local cloud: it opens on this machine, to whom the policy lets in."""

import base64
import json
import ssl
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.integration

CODE = """
import json
def handler(event, context):
    return {"statusCode": 418, "headers": {"x-own": "yes"}, "body": json.dumps(event)}
"""
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        }
    },
}
BOTH = {
    "Url": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "Function": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}


def template(permissions: dict[str, dict]) -> str:
    arn = {"Fn::GetAtt": ["Function", "Arn"]}
    resources = {
        "Role": ROLE,
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        "Address": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": arn}},
    }
    for name, properties in permissions.items():
        given = {"FunctionName": arn, "Principal": "*", **properties}
        resources[f"Allow{name}"] = {"Type": "AWS::Lambda::Permission", "Properties": given}
    output = {"Url": {"Value": {"Fn::GetAtt": ["Address", "FunctionUrl"]}}}
    return json.dumps({"Resources": resources, "Outputs": output})


@pytest.fixture
def deploy(local_cloud, account):
    """Deploy a function with a public address under these permissions; give the address."""
    client = local_cloud.client("cloudformation", account)

    def create(permissions: dict[str, dict]) -> str:
        client.create_stack(
            StackName="urls", TemplateBody=template(permissions), Capabilities=["CAPABILITY_IAM"]
        )
        client.get_waiter("stack_create_complete").wait(StackName="urls", WaiterConfig={"Delay": 0.1})
        (stack,) = client.describe_stacks(StackName="urls")["Stacks"]
        return stack["Outputs"][0]["OutputValue"]

    return create


@pytest.fixture
def ask(local_cloud):
    """Ask without credentials, as a browser does; give the status, the headers and the body."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=local_cloud.ca_bundle)),
    )

    def request(url: str, form: bytes | None = None):
        try:
            with opener.open(url, data=form, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    return request


def test_the_address_opens_on_this_machine_and_brings_payload_format_2(deploy, ask, local_cloud):
    url = deploy(BOTH)
    assert url.startswith(f"{local_cloud.endpoint}/")
    status, headers, body = ask(f"{url}?run=a%2Fb&x=1", b"name=Ada&reason=%C3%A9")
    event = json.loads(body)
    assert (status, headers["x-own"]) == (418, "yes")
    assert (event["version"], event["rawPath"]) == ("2.0", "/")
    assert event["queryStringParameters"] == {"run": "a/b", "x": "1"}
    assert base64.b64decode(event["body"]) == b"name=Ada&reason=%C3%A9"
    assert event["isBase64Encoded"] is True
    assert event["headers"]["content-type"] == "application/x-www-form-urlencoded"
    http = event["requestContext"]["http"]
    assert (http["method"], http["sourceIp"]) == ("POST", "127.0.0.1")


@pytest.mark.parametrize(
    "permissions",
    [
        {},
        {"Url": BOTH["Url"]},
        {"Function": BOTH["Function"]},
        {
            "Url": BOTH["Url"],
            "Function": {"Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"},
        },
        {"Url": BOTH["Url"] | {"FunctionUrlAuthType": "AWS_IAM"}, "Function": BOTH["Function"]},
    ],
)
def test_both_statements_are_needed(deploy, ask, permissions):
    status, _, body = ask(deploy(permissions))
    assert (status, json.loads(body)) == (403, {"Message": "Forbidden"})


def test_an_address_that_nobody_made_leads_nowhere(ask, local_cloud):
    assert ask(f"{local_cloud.endpoint}/_aws/lambda-url/{'a' * 32}/")[0] == 404
