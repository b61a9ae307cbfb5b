"""Faults that a test orders for calls to the emulator's own services."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from finetune_local.emulator import LocalCloud, LocalCloudError

pytestmark = [pytest.mark.integration]


def once(bare_cloud: LocalCloud, account: str, service: str):
    """A client that asks once."""
    return bare_cloud.session(account).shared_client(service)


def test_a_lost_answer_acts_and_is_counted(bare_cloud: LocalCloud, account: str) -> None:
    ssm, name = once(bare_cloud, account, "ssm"), f"/f/{account}"
    order = {"service": "ssm", "operation": "PutParameter", "about": [name]}
    bare_cloud.admin(command="call_fault", error="InternalServerError", after_effect=True, **order)
    with pytest.raises(ClientError) as caught:
        ssm.put_parameter(Name=name, Value="1", Type="String")
    assert caught.value.response["Error"]["Code"] == "InternalServerError"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "1"
    ssm.put_parameter(Name=name, Value="2", Type="String", Overwrite=True)
    mine = [each for each in bare_cloud.admin(command="call_faults")["calls"] if name in each["about"]]
    assert [each["struck"] for each in mine] == [1]


@pytest.mark.parametrize(
    ("service", "operation", "error", "status", "ask"),
    [
        ("s3", "GetObject", "SlowDown", 503, lambda s3, n: s3.get_object(Bucket=n, Key="k")),
        ("s3", "ListObjects", "InternalError", 500, lambda s3, n: s3.list_objects_v2(Bucket=n)),
        ("sns", "Publish", "Throttled", 429, lambda sns, n: sns.publish(TopicArn=f"arn:{n}", Message="m")),
        (
            "dynamodb",
            "GetItem",
            "ThrottlingException",
            400,
            lambda table, n: table.get_item(TableName=n, Key={"k": {"S": "v"}}),
        ),
        ("lambda", "Invoke", "TooManyRequestsException", 429, lambda aws, n: aws.invoke(FunctionName=n)),
        ("lambda", "GetFunction", "ServiceException", 500, lambda aws, n: aws.get_function(FunctionName=n)),
        (
            "lambda",
            "DeleteFunction",
            "ServiceException",
            500,
            lambda aws, n: aws.delete_function(FunctionName=n),
        ),
        (
            "lambda",
            "CreateFunction",
            "TooManyRequestsException",
            429,
            lambda aws, n: aws.create_function(FunctionName=n, Role="arn:aws:iam::1:role/r", Code={}),
        ),
    ],
)
def test_each_service_refuses_in_its_own_protocol(  # noqa: PLR0917 - one column each
    bare_cloud: LocalCloud, account: str, service: str, operation: str, error: str, status: int, ask
) -> None:
    name = f"thing-{account}"
    once(bare_cloud, account, "s3").create_bucket(Bucket=name)
    bare_cloud.admin(command="call_fault", service=service, operation=operation, error=error, about=[name])
    with pytest.raises(ClientError) as caught:
        ask(once(bare_cloud, account, service), name)
    assert caught.value.response["Error"]["Code"] == error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_order_that_could_never_strike_is_refused(bare_cloud: LocalCloud) -> None:
    with pytest.raises(LocalCloudError, match="is not one of"):
        bare_cloud.admin(command="call_fault", service="ec2", operation="RunInstances", error="x")
    with pytest.raises(LocalCloudError, match="an error or a delay"):
        bare_cloud.admin(command="call_fault", service="s3", operation="GetObject")
    with pytest.raises(LocalCloudError, match="needs `about`"):
        bare_cloud.admin(command="state_fault", state="Claim run", about="")
    with pytest.raises(LocalCloudError, match="unexpected keyword"):
        bare_cloud.admin(command="state_fault", state="Claim run", about="x", error="y")
