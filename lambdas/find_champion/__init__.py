"""Evaluation: finds the dataset's champion and asks it one prompt, so that it can be a contestant.

A champion that has no endpoint any more, or whose endpoint does not answer, does not stop the run: the
candidate is then held against the base model alone, and the verdict says so.

Calls:
    bedrock:InvokeModel   on provisioned-model/* and custom-model-deployment/* of the account
    bedrock:GetProvisionedModelThroughput, bedrock:GetCustomModelDeployment   on the same
    dynamodb:GetItem      on the ledger (keys champion#*)
    s3:GetObject          on the artifacts bucket's runs/*/evaluation.jsonl, the data bucket's datasets/*
                          (Converse reads a prompt's images as its caller)
    kms:Decrypt           on the keys of bucket, ledger and custom model
"""
