"""Large datasets, step 2, many at once: checks every record that begins in one byte range.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/*, corpora/*
    s3:GetObject         on the artifacts bucket's runs/*/shards/*
    s3:PutObject         on the artifacts bucket's runs/*/shards/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
