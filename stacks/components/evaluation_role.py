"""The service role of evaluation jobs: Bedrock reads a run's answers, asks the judge, writes its scores.

https://docs.aws.amazon.com/bedrock/latest/userguide/judge-service-roles.html (read 2026-11-23). What that
page allows for batches of inference is left out: the answers are brought along. That its jobs assume the
role under the ARN of an evaluation job is seen in users' stacks (read 2026-11-28), not documented.
"""

from __future__ import annotations

from constructs import Construct

from stacks.components.permissions import Allow, WrittenRole
from stacks.components.reach import Reach
from stacks.components.statements import ANY_MODEL, ONE_RUN


class EvaluationRole(WrittenRole):
    """Assumed by evaluation jobs of this account and Region alone."""

    def __init__(self, scope: Construct, construct_id: str, *, reach: Reach) -> None:
        jobs = f"arn:aws:bedrock:{reach.region}:{reach.account}:evaluation-job/*"
        super().__init__(
            scope,
            construct_id,
            service="bedrock.amazonaws.com",
            purpose="What an evaluation job may read, ask and write",
            trust={
                "StringEquals": {"aws:SourceAccount": reach.account},
                "ArnLike": {"aws:SourceArn": jobs},
            },
            allow=_permissions(reach),
        )


def _permissions(reach: Reach) -> list[Allow]:
    return [
        Allow(
            actions=("s3:GetObject",),
            resources=(f"{reach.artifacts}/runs/*/judge/datasets/*",),
            wildcard=ONE_RUN,
        ),
        Allow(
            actions=("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
            resources=(f"{reach.artifacts}/runs/*/judge/output/*",),
            wildcard=ONE_RUN,
        ),
        Allow(
            actions=("s3:ListBucket",),
            resources=(reach.artifacts,),
            conditions={"StringLike": {"s3:prefix": ["runs/*/judge/*"]}},
        ),
        Allow(
            actions=("s3:GetBucketLocation", "s3:ListBucketMultipartUploads"), resources=(reach.artifacts,)
        ),
        Allow(actions=("bedrock:InvokeModel",), resources=reach.base_models(), wildcard=ANY_MODEL),
        reach.key_through("s3"),
    ]
