"""Approval: stores the task token of the waiting state and asks people for a yes.

Calls:
    dynamodb:UpdateItem  on the ledger (key run#<run_id>)
    sns:Publish          on the notices topic
    kms:GenerateMac      with the key of approval links, where there is one
    kms:Decrypt, kms:GenerateDataKey on the keys of ledger and topic
"""
