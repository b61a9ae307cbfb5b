"""What is kept is private, encrypted, versioned, and stays when its stack goes."""

import pytest

from tests.infrastructure.policies import as_list
from tests.infrastructure.synthesis import Synthesised

BUCKET = "AWS::S3::Bucket"
STATEFUL = {
    "AWS::KMS::Key": {"Key961B73FD"},
    BUCKET: {"AccessLogs8B620ECA", "Artifacts82DD59A1", "Data666C94C7"},
    "AWS::DynamoDB::Table": {"LedgerB7379752"},
}


@pytest.mark.parametrize("kind", STATEFUL)
def test_logical_ids_of_stateful_resources_never_change(synthesised: Synthesised, kind: str):
    """A new logical id makes CloudFormation replace the resource and lose what it holds."""
    assert set(synthesised.resources("Storage", kind)) == STATEFUL[kind]


@pytest.mark.parametrize("kind", STATEFUL)
def test_stateful_resources_live_in_the_storage_stack_alone(synthesised: Synthesised, kind: str):
    """A key that signs links is no state: nothing that it signed is kept, or valid for longer than days."""
    stacks = {
        path.split("/")[0]
        for path, resource in synthesised.everywhere(kind)
        if resource["Properties"].get("KeyUsage") != "GENERATE_VERIFY_MAC"
    }
    assert stacks == {"Storage"}


@pytest.mark.parametrize("kind", STATEFUL)
def test_data_outlives_its_stack_outside_local(synthesised: Synthesised, kind: str):
    expected = "Retain" if synthesised.settings.environment != "local" else "Delete"
    for resource in synthesised.resources("Storage", kind).values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (expected, expected)


def test_every_bucket_is_versioned_private_and_owned_here(synthesised: Synthesised):
    for bucket in synthesised.resources("Storage", BUCKET).values():
        properties = bucket["Properties"]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        rules = properties["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_every_bucket_refuses_plain_http(synthesised: Synthesised):
    policies = synthesised.resources("Storage", "AWS::S3::BucketPolicy").values()
    refusing = {
        policy["Properties"]["Bucket"]["Ref"]
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Action"] == "s3:*"
        and statement["Principal"] == {"AWS": "*"}
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and len(statement["Resource"]) == 2
    }
    assert refusing == STATEFUL[BUCKET]


def test_data_and_artifacts_use_the_pipelines_key(synthesised: Synthesised):
    for name in ("Data666C94C7", "Artifacts82DD59A1"):
        bucket = synthesised.resources("Storage", BUCKET)[name]
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        default = rule["ServerSideEncryptionByDefault"]
        assert default == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": ["Key961B73FD", "Arn"]},
        }
        assert rule["BucketKeyEnabled"] is True


def test_only_the_data_bucket_sends_events(synthesised: Synthesised):
    """Bedrock and the pipeline write to the other buckets: their events would start runs of their own."""
    sending = {
        name: bucket["Properties"]["NotificationConfiguration"]
        for name, bucket in synthesised.resources("Storage", BUCKET).items()
        if "NotificationConfiguration" in bucket["Properties"]
    }
    assert sending == {"Data666C94C7": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}}


def test_buckets_forget_old_versions_and_broken_uploads(synthesised: Synthesised):
    for bucket in synthesised.resources("Storage", BUCKET).values():
        rules = {rule["Id"]: rule for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]}
        tidy = rules["Tidy up"]
        days = synthesised.settings.noncurrent_version_days
        assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
        assert tidy["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_dropped_data_never_expires(synthesised: Synthesised):
    data = synthesised.resources("Storage", BUCKET)["Data666C94C7"]
    rules = data["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule.get("Prefix") for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"prepared/"}


def test_ledger_can_be_restored_and_is_encrypted(synthesised: Synthesised):
    (ledger,) = synthesised.resources("Storage", "AWS::DynamoDB::Table").values()
    properties = ledger["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["Key961B73FD", "Arn"]}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    local = synthesised.settings.environment == "local"
    assert properties["DeletionProtectionEnabled"] is not local


def test_ledger_has_the_keys_that_functions_use(synthesised: Synthesised):
    (ledger,) = synthesised.resources("Storage", "AWS::DynamoDB::Table").values()
    keys = [key["AttributeName"] for key in ledger["Properties"]["KeySchema"]]
    (index,) = ledger["Properties"]["GlobalSecondaryIndexes"]
    assert keys == ["pk", "sk"]
    assert index["IndexName"] == "runs-by-time"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["kind", "started_at"]


def test_key_rotates_and_lets_bedrock_serve_custom_models(synthesised: Synthesised):
    (key,) = synthesised.resources("Storage", "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    by_sid = {statement.get("Sid"): statement for statement in key["Properties"]["KeyPolicy"]["Statement"]}
    serving = by_sid["BedrockServesCustomModels"]
    assert serving["Principal"] == {"Service": "bedrock.amazonaws.com"}
    context = {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}}
    assert serving["Condition"] == context
    acting = by_sid["BedrockActsForTheAccount"]
    assert "kms:CreateGrant" in as_list(acting["Action"])
    assert acting["Condition"] == {"StringEquals": {"kms:ViaService": "bedrock.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize("name", ["data-bucket", "artifacts-bucket", "ledger-table"])
def test_storage_publishes_its_names(synthesised: Synthesised, name: str):
    published = {
        parameter["Properties"]["Name"]
        for parameter in synthesised.resources("Storage", "AWS::SSM::Parameter").values()
    }
    assert f"/finetune/{synthesised.settings.environment}/config/{name}" in published
