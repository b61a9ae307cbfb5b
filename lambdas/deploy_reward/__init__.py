"""Reward: makes the function that grades answers, and tries it before money is spent.

Dropped code is compiled here to find its faults, and run only under a role of its own, which may write its
log and nothing else. A function that the settings name is tried in the same way.

Calls:
    lambda:GetFunction, lambda:ListTags, lambda:InvokeFunction
                                        on function:finetune-<environment>-reward-*
    lambda:CreateFunction, lambda:TagResource
                                        on the same, create only with tag finetune:pipeline
    iam:PassRole                        on the role of reward functions, to Lambda
    s3:GetObject                        on the artifacts bucket's runs/*/inputs.json,
                                        the data bucket's prepared/*/train.jsonl
    s3:GetObjectVersion                 on the data bucket's datasets/*/reward.py
    kms:Decrypt, kms:GenerateDataKey    on the buckets' key
"""
