"""Serving in place: swaps the candidate's model into the champion's endpoint, and says how far that is.

Calls:
    bedrock:GetProvisionedModelThroughput, bedrock:UpdateProvisionedModelThroughput
                                          on provisioned-model/*, update only with tag finetune:pipeline
    bedrock:GetCustomModelDeployment, bedrock:UpdateCustomModelDeployment
                                          on custom-model-deployment/*, update only with that tag
                                          and both updates on custom-model/* with that tag
    kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKey on the custom model's key
"""
