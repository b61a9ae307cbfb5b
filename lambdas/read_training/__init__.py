"""Training: reads the finished customization job, its custom model and its loss curves.

Calls:
    bedrock:GetModelCustomizationJob  on model-customization-job/* of the account
    s3:ListBucket                     on the artifacts bucket, prefix runs/*
    s3:GetObject                      on the artifacts bucket's runs/*/training/*
    kms:Decrypt                       on the bucket's key
"""
