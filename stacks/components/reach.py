"""Where the pipeline's permissions reach: names and ARNs of one environment, and the conditions on them."""

from __future__ import annotations

from dataclasses import dataclass

from finetune_core.runs import reward_prefix
from stacks.components.permissions import Allow, Conditions


@dataclass(frozen=True, kw_only=True)
class Reach:
    """ARNs and names that permissions are written with; `region` and `account` may be tokens."""

    environment: str
    region: str
    account: str
    key: str
    data: str
    artifacts: str
    ledger: str
    notices: str
    reward_role: str = ""
    """Role of dropped reward functions; "" where the environment runs no dropped code."""
    link_key: str = ""
    """The key that signs links to answer approvals; empty without such links."""

    @property
    def machine(self) -> str:
        """Name of the state machine: its role names it, so it cannot be left to CloudFormation."""
        return f"finetune-{self.environment}"

    def rewards(self) -> list[str]:
        """Give the ARN pattern of the functions that may grade answers, and of their versions."""
        name = reward_prefix(self.environment)
        return [f"arn:aws:lambda:{self.region}:{self.account}:function:{name}*"]

    def bedrock(self, *kinds: str) -> list[str]:
        """Give the ARN patterns of these kinds of Bedrock resources in this account and Region."""
        return [f"arn:aws:bedrock:{self.region}:{self.account}:{kind}/*" for kind in kinds]

    def base_models(self) -> list[str]:
        """Give the ARN patterns of base models, and of the inference profiles that some of them need.

        A cross-Region profile calls the base model in each of its Regions, so the Region is open.
        """
        return ["arn:aws:bedrock:*::foundation-model/*", *self.bedrock("inference-profile")]

    def own(self) -> Conditions:
        """Give the condition that a resource carries this pipeline's tag."""
        return {"StringEquals": {"aws:ResourceTag/finetune:pipeline": self.environment}}

    def tagging(self) -> Conditions:
        """Give the condition that a request sets this pipeline's tag."""
        return {"StringEquals": {"aws:RequestTag/finetune:pipeline": self.environment}}

    def through(self, *services: str) -> Conditions:
        """Give the condition that KMS is called by these services for the caller."""
        names = [f"{service}.{self.region}.amazonaws.com" for service in services]
        return {"StringEquals": {"kms:ViaService": names}}

    def key_through(self, *services: str) -> Allow:
        """Let these services read and write with the pipeline's key for the caller.

        DynamoDB asks for more than S3 and SNS do:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        """
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        if "dynamodb" in services:
            actions += ["kms:DescribeKey", "kms:Encrypt"]
        return Allow(actions=actions, resources=(self.key,), conditions=self.through(*services))

    def signatures(self, action: str) -> list[Allow]:
        """Let links be signed (`kms:GenerateMac`) or checked (`kms:VerifyMac`); nothing without links.

        The function calls KMS itself and the key knows one algorithm, so no condition would narrow this.
        """
        return [Allow(actions=(action,), resources=(self.link_key,))] if self.link_key else []

    def key_of_models(self) -> Allow:
        """Let Bedrock encrypt and serve custom models with the pipeline's key for the caller.

        Who only invokes such a model needs `key_through("bedrock")`: without it Bedrock denies the call.
        https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html (read 2026-11-24)
        """
        actions = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
        return Allow(actions=actions, resources=(self.key,), conditions=self.through("bedrock"))
