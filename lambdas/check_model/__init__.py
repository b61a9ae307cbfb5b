"""Preflight: asks Bedrock and Service Quotas whether this run can be trained and served.

Calls:
    bedrock:GetFoundationModel     on foundation-model/* of the Region
    bedrock:GetCustomModel         on custom-model/* of the account (base_model may be a custom model)
    bedrock:ListFoundationModels   on *
    servicequotas:GetServiceQuota  on *
"""
