"""The guardian: deletes the pipeline's endpoints that are idle, expired or owned by no run.

It lists the account's endpoints, since CloudFormation knows none of them, and touches only what carries the
pipeline's own tag for this environment.

Calls:
    bedrock:ListProvisionedModelThroughputs, bedrock:ListCustomModelDeployments   on *
    bedrock:GetProvisionedModelThroughput, bedrock:GetCustomModelDeployment, bedrock:ListTagsForResource
                                        on provisioned-model/*, custom-model-deployment/*
    bedrock:DeleteProvisionedModelThroughput, bedrock:DeleteCustomModelDeployment
                                        on the same, only with tag finetune:pipeline
    cloudwatch:GetMetricStatistics      on *
    dynamodb:GetItem, dynamodb:PutItem  on the ledger (keys run#*, champion#*, guardian#*)
    dynamodb:Query                      on the ledger's index runs-by-time
    sns:Publish                         on the notices topic
    kms:Decrypt, kms:GenerateDataKey    on the keys of ledger and topic
"""
