"""Validation: checks every record, splits the dataset and writes the validation report.

The files are streamed in ranges and never held in memory; the prepared splits pass through /tmp.

Calls:
    s3:GetObjectVersion  on the data bucket's datasets/*, corpora/*
    s3:GetObject         on the artifacts bucket's runs/*/inputs.json, the data bucket's datasets/* (media)
    s3:PutObject, s3:AbortMultipartUpload
                         on the data bucket's prepared/* and the artifacts bucket's runs/*
    kms:Decrypt, kms:GenerateDataKey on the buckets' key
"""
