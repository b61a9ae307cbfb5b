"""Objects under a customer-managed key are read and written only by who may use the key through S3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from finetune_local.emulator import LocalCloud
from finetune_local.sessions import Credentials
from tests.integration.emulator_kit import Kit, allow

THROUGH_S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}


@pytest.fixture
def kit(bare_cloud: LocalCloud, account: str) -> Kit:
    return Kit(bare_cloud, account)


@pytest.fixture
def key(kit: Kit) -> str:
    """Make a key whose policy leaves it to IAM."""
    statement = {"Principal": {"AWS": f"arn:aws:iam::{kit.account}:root"}, **allow("kms:*", "*")}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return kit.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


@pytest.fixture
def bucket(kit: Kit, key: str) -> str:
    """Make a bucket under the key, by CloudFormation, with one object in it."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    name = f"secret-{kit.account}"
    properties = {
        "BucketName": name,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
    }
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}}
    cloudformation = kit.client("cloudformation")
    cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="stack", WaiterConfig={"Delay": 0.05})
    kit.client("s3").put_object(Bucket=name, Key="train.jsonl", Body=b"{}")
    return name


def _as_role(kit: Kit, *statements: dict[str, Any], name: str = "reader", everything: bool = True) -> Any:
    trust = {"Effect": "Allow", "Principal": {"AWS": kit.account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = kit.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    kit.allow(name, *([allow("s3:*", "*")] if everything else []), *statements)
    issued = kit.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    credentials = Credentials(
        access_key=issued["AccessKeyId"], secret_key=issued["SecretAccessKey"], token=issued["SessionToken"]
    )
    return kit.cloud.session_of(credentials).client("s3")


def test_cloudformation_keeps_the_buckets_key(kit: Kit, bucket: str, key: str) -> None:
    stored = kit.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert stored["Rules"][0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key


def test_the_bucket_alone_does_not_open_its_objects(kit: Kit, bucket: str) -> None:
    client = _as_role(kit)
    with pytest.raises(ClientError, match="kms:Decrypt"):
        client.get_object(Bucket=bucket, Key="train.jsonl")
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        client.put_object(Bucket=bucket, Key="new", Body=b"")
    with pytest.raises(ClientError, match="kms:Decrypt"):
        client.copy_object(
            Bucket=bucket,
            Key="plain",
            CopySource={"Bucket": bucket, "Key": "train.jsonl"},
            ServerSideEncryption="AES256",
        )
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert client.head_object(Bucket=bucket, Key="train.jsonl")["ContentLength"] == 2


def test_the_key_through_s3_opens_them(kit: Kit, bucket: str, key: str) -> None:
    client = _as_role(kit, allow(["kms:Decrypt", "kms:GenerateDataKey"], key, THROUGH_S3))
    client.put_object(Bucket=bucket, Key="new", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="new")["Body"].read() == b"x"


def test_the_key_for_another_service_does_not(kit: Kit, bucket: str, key: str) -> None:
    elsewhere = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
    client = _as_role(kit, allow("kms:Decrypt", key, elsewhere))
    with pytest.raises(ClientError, match="kms:Decrypt"):
        client.get_object(Bucket=bucket, Key="train.jsonl")


def test_who_may_not_list_the_bucket_does_not_learn_what_is_missing(kit: Kit, bucket: str, key: str) -> None:
    reading = [allow("s3:GetObject", "*"), allow("kms:Decrypt", key, THROUGH_S3)]
    below = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"StringLike": {"s3:prefix": ["*"]}})
    for name, also, code in (("blind", [], "AccessDenied"), ("below", [below], "AccessDenied")):
        client = _as_role(kit, *reading, *also, name=name, everything=False)
        with pytest.raises(ClientError, match=code):
            client.get_object(Bucket=bucket, Key="missing")
        assert client.get_object(Bucket=bucket, Key="train.jsonl")["Body"].read() == b"{}"
    with pytest.raises(ClientError, match="NoSuchKey"):
        _as_role(kit).get_object(Bucket=bucket, Key="missing")
