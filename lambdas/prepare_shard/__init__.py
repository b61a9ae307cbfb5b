"""Large datasets, step 4, many at once: sends the records of one byte range to the parts of the split.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/*, corpora/*
    s3:GetObject         on the artifacts bucket's runs/*/shards/*
    s3:PutObject         on the data bucket's prepared/* and the artifacts bucket's runs/*/shards/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
