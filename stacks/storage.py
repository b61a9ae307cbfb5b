"""StorageStack: everything that must outlive a deployment (key, buckets, ledger)."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from config.settings import Settings
from stacks.components.pipeline_key import PipelineKey
from stacks.components.private_bucket import PrivateBucket
from stacks.components.published import publish_parameter

RUNS_BY_TIME = "runs-by-time"
ACCESS_LOG_DAYS = 90


class StorageStack(Stack):
    """Key, data bucket, artifacts bucket, access-log bucket and ledger.

    The `*_arn` attributes are exports: other stacks write permissions with them, and CloudFormation then
    refuses to remove what they point to.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): data, artifacts and ledger",
            env={"region": settings.region},
            termination_protection=settings.termination_protection,
        )
        self._settings = settings
        self.key = PipelineKey(self, "Key", settings=settings)
        self.access_logs = PrivateBucket(
            self, "AccessLogs", settings=settings, expiring={"": ACCESS_LOG_DAYS}
        )
        self.data = self._bucket("Data", {"prepared/": settings.prepared_days})
        _send_events(self.data)
        self.artifacts = self._bucket("Artifacts", {})
        self.ledger = self._ledger()
        self.key_arn: str = self.export_value(self.key.key_arn)
        self.data_arn: str = self.export_value(self.data.bucket_arn)
        self.artifacts_arn: str = self.export_value(self.artifacts.bucket_arn)
        self.ledger_arn: str = self.export_value(self.ledger.table_arn)
        self._publish("DataBucket", "data-bucket", self.data.bucket_name, "Drop datasets here")
        self._publish("ArtifactsBucket", "artifacts-bucket", self.artifacts.bucket_name, "Reports and models")
        self._publish("LedgerTable", "ledger-table", self.ledger.table_name, "What every run did")

    def _bucket(self, construct_id: str, expiring: dict[str, int]) -> PrivateBucket:
        return PrivateBucket(
            self,
            construct_id,
            settings=self._settings,
            key=self.key,
            access_logs=self.access_logs,
            expiring=expiring,
        )

    def _ledger(self) -> dynamodb.Table:
        retain = self._settings.retain_data
        ledger = dynamodb.Table(
            self,
            "Ledger",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=retain,
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )
        ledger.add_global_secondary_index(
            index_name=RUNS_BY_TIME, partition_key=_text("kind"), sort_key=_text("started_at")
        )
        return ledger

    def _publish(self, construct_id: str, name: str, value: str, purpose: str) -> None:
        publish_parameter(
            self, construct_id, settings=self._settings, name=name, value=value, purpose=purpose
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _send_events(bucket: s3.Bucket) -> None:
    """Turn EventBridge on in the bucket itself; CDK's own switch needs a custom resource and its function."""
    resource = bucket.node.default_child
    if not isinstance(resource, s3.CfnBucket):
        raise TypeError(f"{bucket.node.path} has no AWS::S3::Bucket below it.")
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
