"""Large datasets, step 5: completes the prepared files and writes the held-out prompts.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/* (the user's own evaluation file)
    s3:GetObject         on the artifacts bucket's runs/*/shards/*, the data bucket's prepared/*
    s3:ListBucket        on the artifacts bucket's runs/*
    s3:ListMultipartUploadParts on the data bucket's prepared/*
    s3:PutObject, s3:AbortMultipartUpload
                         on the data bucket's prepared/* and the artifacts bucket's runs/*/evaluation.jsonl
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
