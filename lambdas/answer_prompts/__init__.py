"""Evaluation: asks one contestant one shard of the held-out prompts.

A failed call is written down as a failed answer, never dropped.

Calls:
    bedrock:InvokeModel  on foundation-model/* and inference-profile/* (base), provisioned-model/* and
                         custom-model-deployment/* of the account (champion, candidate)
    lambda:InvokeFunction
                         on function:finetune-<environment>-reward-*
    s3:GetObject         on the artifacts bucket's runs/*/evaluation.jsonl
    s3:GetObjectVersion, s3:GetObject
                         on the data bucket's datasets/* (images; Converse reads a prompt's as its caller)
    s3:PutObject         on the artifacts bucket's runs/*/answers/*
    kms:Decrypt, kms:GenerateDataKey on the keys of bucket and custom model
"""
