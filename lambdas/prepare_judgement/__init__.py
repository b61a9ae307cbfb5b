"""Evaluation: writes what a judge is to read, one dataset per contestant, and names the jobs to start.

Calls:
    s3:GetObject  on the artifacts bucket's runs/*/evaluation.jsonl and runs/*/answers/*
    s3:PutObject  on the artifacts bucket's runs/*/judge/datasets/*
    kms:Decrypt, kms:GenerateDataKey on the bucket's key
"""
