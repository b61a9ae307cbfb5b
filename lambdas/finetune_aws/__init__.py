"""AWS behind small adapters: every boto3 call of the functions is made here, and nowhere else."""
