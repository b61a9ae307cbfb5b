"""The end of a run inside its execution: report, ledger outcome, notice.

Calls:
    dynamodb:GetItem, dynamodb:UpdateItem  on the ledger (keys run#*, queue#*)
    s3:GetObject                           on the artifacts bucket's runs/*/training/*, lineage.json
    s3:PutObject                           on the artifacts bucket's runs/*/report.html, report.json,
                                           model-card.json
    sns:Publish                            on the notices topic
    kms:Decrypt, kms:GenerateDataKey       on the keys of bucket, ledger and topic
"""
