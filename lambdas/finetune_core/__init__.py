"""The pure domain of the pipeline: no network, clock, environment variables or boto3."""
