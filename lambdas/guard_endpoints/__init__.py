"""The guardian: deletes the pipeline's endpoints that are idle, expired, out of hours or owned by no run.

It lists the account's endpoints, custom models and reward functions, since CloudFormation knows none of them,
and touches only what carries the pipeline's own tag for this environment. Runs whose execution is dead go to
``close_run``.

Calls:
    bedrock:ListProvisionedModelThroughputs, bedrock:ListCustomModelDeployments,
    bedrock:ListCustomModels            on *
    bedrock:GetProvisionedModelThroughput, bedrock:GetCustomModelDeployment, bedrock:GetCustomModel,
    bedrock:ListTagsForResource
                                        on provisioned-model/*, custom-model-deployment/*, custom-model/*
    bedrock:DeleteProvisionedModelThroughput, bedrock:DeleteCustomModelDeployment, bedrock:DeleteCustomModel
                                        on the same, only with tag finetune:pipeline
    lambda:ListFunctions                on *
    lambda:GetFunction, lambda:ListTags, lambda:DeleteFunction
                                        on function:finetune-<environment>-reward-*, delete with that tag
    states:DescribeExecution            on executions of the state machine
    lambda:InvokeFunction               on close_run
    cloudwatch:GetMetricStatistics      on *
    dynamodb:GetItem, dynamodb:PutItem  on the ledger (keys run#*, champion#*, guardian#*)
    dynamodb:Query                      on the ledger's index runs-by-time
    sns:Publish                         on the notices topic
    kms:Decrypt, kms:GenerateDataKey    on the keys of ledger and topic
"""
