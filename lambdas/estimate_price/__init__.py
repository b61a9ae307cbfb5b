"""Price: a range for the run from tokens, epochs, serving hours and live prices, held against its ceilings.

Calls:
    pricing:GetProducts                    (service AmazonBedrock; a dated table stands in for it)
    dynamodb:UpdateItem                    on the ledger (keys run#*)
    dynamodb:Query                         on the ledger's index runs-by-time
    s3:GetObject                           on the artifacts bucket's runs/*/inputs.json
    kms:Decrypt, kms:GenerateDataKey       on the keys of ledger and bucket
"""
