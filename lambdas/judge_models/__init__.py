"""Evaluation: compares candidate and base record by record and gives the verdict.

Calls:
    s3:GetObject  on the artifacts bucket's runs/*/evaluation.jsonl, runs/*/answers/*, runs/*/judge/output/*
    s3:ListBucket on the artifacts bucket (prefix runs/*/judge/output/*)
    s3:PutObject  on the artifacts bucket's runs/*/evaluation.json
    kms:Decrypt, kms:GenerateDataKey on the bucket's key
"""
