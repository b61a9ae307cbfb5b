"""Evaluation: compares candidate and base record by record and gives the verdict.

Calls:
    s3:GetObject  on the artifacts bucket's runs/*/evaluation.jsonl and runs/*/answers/*
    s3:PutObject  on the artifacts bucket's runs/*/evaluation.json
    kms:Decrypt, kms:GenerateDataKey on the bucket's key
"""
