"""Clean up: stops and deletes what a failed run created and did not promote.

Calls:
    bedrock:GetModelCustomizationJob, bedrock:StopModelCustomizationJob   on model-customization-job/*
    bedrock:ListEvaluationJobs, bedrock:StopEvaluationJob
                                          stop only with tag finetune:pipeline
    bedrock:GetProvisionedModelThroughput, bedrock:DeleteProvisionedModelThroughput
                                          on provisioned-model/*, delete only with tag finetune:pipeline
    bedrock:GetCustomModelDeployment, bedrock:DeleteCustomModelDeployment
                                          on custom-model-deployment/*, delete only with that tag
    bedrock:UpdateProvisionedModelThroughput, bedrock:UpdateCustomModelDeployment
                                          on both kinds and custom-model/*, only with that tag
    bedrock:GetCustomModel, bedrock:DeleteCustomModel
                                          on custom-model/*, delete only with that tag
    bedrock:ListTagsForResource           on provisioned-model/*, custom-model-deployment/*, custom-model/*
    lambda:GetFunction, lambda:ListTags, lambda:DeleteFunction
                                          on function:finetune-<environment>-reward-*, delete with that tag
    dynamodb:GetItem                      on the ledger (keys champion#*, run#*)
    ssm:GetParameter, ssm:PutParameter, ssm:DeleteParameter
                                          on parameter/finetune/<environment>/*/model-id
    kms:Decrypt                           on the keys of ledger and custom models
"""
