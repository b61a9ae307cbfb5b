"""Large datasets, step 3: joins what the ranges found into one verdict, and orders the preparation.

Duplicates and leakage between ranges are found here, by the fingerprints that each range left behind.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/*, corpora/* (records that name media)
    s3:GetObject         on the artifacts bucket's runs/*/shards/*, the data bucket's datasets/* (media)
    s3:PutObject         on the data bucket's prepared/* and the artifacts bucket's runs/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
