"""The service role that Bedrock assumes to read the prepared data and to write what training leaves behind.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html (read 2026-11-23).
With reinforcement fine-tuning Bedrock invokes the reward function as this role (rft-access-security, read
2026-11-28). With distillation it asks the teacher so too (prequisites-model-distillation, read 2026-11-23).
"""

from __future__ import annotations

from constructs import Construct

from finetune_core.distillation import TEACHERS
from stacks.components.permissions import Allow, WrittenRole
from stacks.components.reach import Reach
from stacks.components.reward_statements import call_rewards
from stacks.components.statements import ONE_RUN

ANY_REGION = "A cross-Region profile calls the teacher in each of its Regions."
INPUTS = ("prepared/", "datasets/", "corpora/")  # media lie beside the dropped records


class BedrockRole(WrittenRole):
    """Assumed by customization jobs of this account and Region alone."""

    def __init__(self, scope: Construct, construct_id: str, *, reach: Reach) -> None:
        jobs = f"arn:aws:bedrock:{reach.region}:{reach.account}:model-customization-job/*"
        super().__init__(
            scope,
            construct_id,
            service="bedrock.amazonaws.com",
            purpose="What a customization job may read and write",
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
            resources=[f"{reach.data}/{prefix}*" for prefix in INPUTS],
            wildcard=ONE_RUN,
        ),
        Allow(
            actions=("s3:ListBucket",),
            resources=(reach.data,),
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in INPUTS]}},
        ),
        Allow(
            actions=("s3:GetObject", "s3:PutObject"),
            resources=(f"{reach.artifacts}/runs/*/training/*",),
            wildcard=ONE_RUN,
        ),
        Allow(
            actions=("s3:ListBucket",),
            resources=(reach.artifacts,),
            conditions={"StringLike": {"s3:prefix": ["runs/*"]}},
        ),
        Allow(
            actions=("bedrock:InvokeModel",),
            resources=[
                f"arn:aws:bedrock:{where}/{profile}{teacher}"
                for teacher in TEACHERS
                for where, profile in (
                    ("*::foundation-model", ""),
                    (f"{reach.region}:{reach.account}:inference-profile", "us."),
                )
            ],
            wildcard=ANY_REGION,
        ),
        call_rewards(reach),
        # The job's data through S3; a custom model that is trained further through Bedrock.
        reach.key_through("s3", "bedrock"),
    ]
