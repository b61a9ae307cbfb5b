"""A bucket that keeps every version, speaks TLS only and belongs to this account alone."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from config.settings import Settings

UPLOAD_DAYS = 7  # parts of an upload that was never completed


class PrivateBucket(s3.Bucket):
    """Versioned, TLS only, no public access, owner enforced; old versions and broken uploads expire.

    Without a key the bucket uses SSE-S3, as a bucket that receives access logs must: see
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (2026-11-24).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None = None,
        access_logs: s3.IBucket | None = None,
        expiring: dict[str, int] | None = None,
    ) -> None:
        rules = [self._tidy(settings)]
        for prefix, days in (expiring or {}).items():
            name = f"Expire {prefix or 'objects'}"
            rules.append(s3.LifecycleRule(id=name, prefix=prefix or None, expiration=Duration.days(days)))
        super().__init__(
            scope,
            construct_id,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            lifecycle_rules=rules,
            removal_policy=RemovalPolicy.RETAIN if settings.retain_data else RemovalPolicy.DESTROY,
        )

    @staticmethod
    def _tidy(settings: Settings) -> s3.LifecycleRule:
        return s3.LifecycleRule(
            id="Tidy up",
            abort_incomplete_multipart_upload_after=Duration.days(UPLOAD_DAYS),
            noncurrent_version_expiration=Duration.days(settings.noncurrent_version_days),
            expired_object_delete_marker=True,
        )
