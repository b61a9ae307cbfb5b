"""What a function in the local cloud answers when it fails, and how fast it pauses."""

import io
import json
import zipfile

import pytest

pytestmark = pytest.mark.integration

CODE = """
import time
class DatasetInvalid(Exception):
    pass
def fail(event, context):
    raise DatasetInvalid("line 3 is broken")
def pause(event, context):
    time.sleep(600)
    return "done"
"""
ROLE = "arn:aws:iam::{account}:role/any"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def call(local_cloud, account):
    """Make a function of CODE and call it; give the answer of Invoke and its payload."""
    client = local_cloud.client("lambda", account)
    local_cloud.client("iam", account).create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", CODE)

    def invoke(entry: str):
        client.create_function(
            FunctionName=entry,
            Runtime="python3.11",
            Handler=f"code.{entry}",
            Role=ROLE.format(account=account),
            Timeout=60,
            Code={"ZipFile": packed.getvalue()},
        )
        answer = client.invoke(FunctionName=entry, Payload=b"{}")
        return answer, json.load(answer["Payload"])

    return invoke


def test_a_failed_function_answers_the_class_of_its_exception(call):
    answer, payload = call("fail")
    assert answer["FunctionError"]
    assert (payload["errorType"], payload["errorMessage"]) == ("DatasetInvalid", "line 3 is broken")


def test_a_function_pauses_in_simulated_time(call):
    assert call("pause")[1] == "done"  # a pause in real time would outlast its 60 seconds and be killed
