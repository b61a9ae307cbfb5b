"""Statements about the functions that grade answers: who may call, find, make and delete them."""

from __future__ import annotations

from stacks.components.permissions import Allow
from stacks.components.reach import Reach
from stacks.components.statements import allow, read

REWARDS = "A reward function is named after its run, or by the platform's people; all share the prefix."


def call_rewards(reach: Reach) -> Allow:
    """Let the functions that grade answers be called: those with the environment's prefix alone."""
    return allow(["lambda:InvokeFunction"], reach.rewards(), REWARDS)


def find_rewards(reach: Reach) -> Allow:
    """Let reward functions be looked up by name, with their tags."""
    return allow(["lambda:GetFunction", "lambda:ListTags"], reach.rewards(), REWARDS)


def drop_rewards(reach: Reach) -> tuple[Allow, ...]:
    """Let reward functions be looked up, and deleted when they carry the pipeline's tag."""
    own = Allow(
        actions=("lambda:DeleteFunction",),
        resources=reach.rewards(),
        conditions=reach.own(),
        wildcard=REWARDS,
    )
    return find_rewards(reach), own


def deploy_reward(reach: Reach) -> tuple[Allow, ...]:
    """Let reward functions be tried; where dropped code may run, also be made, under their own role alone.

    Neither a layer nor a VPC may be given to them: one brings code unseen, the other leads inside.
    """
    tried = (
        find_rewards(reach),
        call_rewards(reach),
        read(reach.data, "datasets/*/reward.py", "prepared/*/train.jsonl"),
        read(reach.artifacts, "runs/*/inputs.json"),
        reach.key_through("s3"),
    )
    if not reach.reward_role:
        return tried
    none = {"Null": {"lambda:Layer": "true", "lambda:VpcIds": "true"}}
    passed = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    return (
        *tried,
        Allow(
            actions=("lambda:CreateFunction",),
            resources=reach.rewards(),
            conditions={**reach.tagging(), **none},
            wildcard=REWARDS,
        ),
        Allow(
            actions=("lambda:TagResource",),
            resources=reach.rewards(),
            conditions=reach.tagging(),
            wildcard=REWARDS,
        ),
        Allow(actions=("iam:PassRole",), resources=(reach.reward_role,), conditions=passed),
    )
