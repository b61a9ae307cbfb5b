"""Approval by link: shows what a run asks, and hands the answer of whoever holds the signed link to the run.

Deployed with ``approval_links`` alone, behind a function URL that anybody may call; what a caller may do
hangs on the link's signature. Looking changes nothing: programs that read mail open links too.

Calls:
    kms:VerifyMac            with the key of approval links
    dynamodb:GetItem         on the ledger (keys run#*)
    states:SendTaskSuccess   by the token in the run's item
    kms:Decrypt, kms:GenerateDataKey on the ledger's key
"""
