"""Intake: pins the dropped files' versions and resolves settings, run id and names.

Calls:
    s3:ListBucketVersions  on the data bucket (prefixes datasets/*, corpora/*)
    s3:GetObjectVersion    on the data bucket's datasets/*/run.json, corpora/*/run.json
    s3:PutObject           on the artifacts bucket's runs/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
