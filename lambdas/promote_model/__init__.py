"""Promotion: points applications at the new champion; retires the one before, at once or after the watch.

Calls:
    ssm:GetParameter, ssm:PutParameter  on parameter/finetune/<environment>/*/model-id
    dynamodb:GetItem, dynamodb:PutItem  on the ledger (keys champion#*)
    bedrock:GetProvisionedModelThroughput, bedrock:DeleteProvisionedModelThroughput
                                        on provisioned-model/*, delete only with tag finetune:pipeline
    bedrock:GetCustomModelDeployment, bedrock:DeleteCustomModelDeployment
                                        on custom-model-deployment/*, delete only with that tag
    bedrock:ListTagsForResource         on both
    bedrock:TagResource                 on both, only with that tag (an endpoint that was swapped into)
    lambda:GetFunction, lambda:ListTags, lambda:DeleteFunction
                                        on function:finetune-<environment>-reward-*, delete with that tag
    kms:Decrypt, kms:GenerateDataKey    on the ledger's key
"""
