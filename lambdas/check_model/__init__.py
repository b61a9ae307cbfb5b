"""Preflight: asks Bedrock and Service Quotas whether this run can be trained and served.

Calls:
    bedrock:GetFoundationModel     on foundation-model/* of the Region
    bedrock:GetCustomModel         on custom-model/* of the account (base_model may be a custom model)
    bedrock:ListFoundationModels, bedrock:ListProvisionedModelThroughputs   on *
    bedrock:GetProvisionedModelThroughput, bedrock:GetCustomModelDeployment, bedrock:ListTagsForResource
                                   on provisioned-model/*, custom-model-deployment/* of the account
    servicequotas:GetServiceQuota  on *
    s3:GetObject                   on the artifacts bucket's runs/*/inputs.json, runs/*/lineage.json
    s3:PutObject                   on the artifacts bucket's runs/*
    dynamodb:GetItem               on the ledger (keys champion#*)
    dynamodb:PutItem               on the ledger (keys lineage#*)
    kms:Decrypt, kms:GenerateDataKey on the keys of bucket and ledger
"""
