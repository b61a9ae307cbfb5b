"""The watch: takes a new champion back whose calls fail or are slow, while the one before is kept ready.

Woken every few minutes; without a champion under watch it asks the ledger once and ends. A rollback needs
the endpoint of the champion before: where it is gone, people are told and nothing is changed.

Calls:
    dynamodb:Query                       on the ledger's index runs-by-time
    dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem
                                         on the ledger (keys champion#*, run#*)
    cloudwatch:GetMetricStatistics       on *
    bedrock:InvokeModel                  on provisioned-model/* and custom-model-deployment/* of the account
    bedrock:GetProvisionedModelThroughput, bedrock:DeleteProvisionedModelThroughput
                                         on provisioned-model/*, delete only with tag finetune:pipeline
    bedrock:GetCustomModelDeployment, bedrock:DeleteCustomModelDeployment
                                         on custom-model-deployment/*, delete only with that tag
    bedrock:UpdateProvisionedModelThroughput, bedrock:UpdateCustomModelDeployment
                                         on both and custom-model/*, only with that tag
    bedrock:TagResource                  on both, only with that tag
    bedrock:ListTagsForResource          on both
    bedrock:GetCustomModel               on custom-model/*
    ssm:GetParameter, ssm:PutParameter   on parameter/finetune/<environment>/*/model-id
    sns:Publish                          on the notices topic
    kms:Decrypt, kms:GenerateDataKey     on the keys of ledger, topic and custom model
"""
