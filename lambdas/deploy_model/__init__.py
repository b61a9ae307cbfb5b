"""Serving: creates, or finds again, the custom model's on-demand deployment.

A function and not a direct integration, because the newest Bedrock actions may be missing from the machine's
SDK integrations, and because asking again must find what an earlier, lost answer created.

Calls:
    bedrock:GetCustomModelDeployment     on custom-model-deployment/* of the account
    bedrock:CreateCustomModelDeployment  on custom-model/*
    bedrock:TagResource                  on custom-model-deployment/* (tags in the create call)
    kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKey on the custom model's key
"""
