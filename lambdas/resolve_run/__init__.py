"""Intake: pins the dropped files' versions and resolves settings, run id and names.

Calls:
    s3:ListBucketVersions  on the data bucket (prefixes datasets/*, corpora/*)
    s3:GetObjectVersion    on the data bucket's datasets/*/run.json, corpora/*/run.json
    s3:GetObject           on the artifacts bucket's runs/*/inputs.json, runs/*/lineage.json
    s3:PutObject           on the artifacts bucket's runs/*
    dynamodb:GetItem       on the ledger (keys champion#*, corpus#*, run#*)
    dynamodb:PutItem       on the ledger (keys corpus#*)
    kms:Decrypt, kms:GenerateDataKey on the keys of buckets and ledger
"""
