"""Serving: sends one real request, and the golden prompts of ``run.json``, to the candidate's endpoint.

Calls:
    bedrock:InvokeModel  on provisioned-model/* and custom-model-deployment/* of the account
    s3:GetObject         on the artifacts bucket's runs/*/evaluation.jsonl
    s3:GetObjectVersion, s3:GetObject
                         on the data bucket's datasets/* (Converse reads a prompt's images as its caller)
    kms:Decrypt          on the keys of bucket and custom model
"""
