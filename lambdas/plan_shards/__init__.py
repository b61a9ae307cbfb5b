"""Large datasets, step 1: cuts the pinned files into byte ranges and writes the Distributed Map's item list.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/*, corpora/* (heads and last bytes)
    s3:GetObject         on the artifacts bucket's runs/*/inputs.json, runs/*/training-inputs.json
    s3:PutObject         on the artifacts bucket's runs/*/shards/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
