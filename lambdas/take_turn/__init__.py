"""Queue: lets a run go on, wait its turn, or end because a newer drop has come.

Calls:
    bedrock:ListModelCustomizationJobs   (the account's jobs in progress)
    dynamodb:GetItem, dynamodb:PutItem   on the ledger (keys queue#*; run#* is read)
    dynamodb:UpdateItem                  on the ledger (keys run#*)
    states:DescribeExecution             on the machine's executions: is a holder still there?
    states:SendTaskFailure               by its token: an older drop no longer waits for a person
    kms:Decrypt, kms:GenerateDataKey     on the ledger's key
"""
