"""Our Bedrock: the control plane and the runtime of Amazon Bedrock, in this process, really training models.

Where to look:

    service.py               BedrockService: what the emulator talks to
    protocol.py, shapes.py   HTTP <-> Python, judged by botocore's own service model in both directions
    foundation_models.py     base models: life cycle, kinds of customization, limits, hyperparameters (data)
    quotas.py                account quotas (data)
    resources.py             what an account holds in a Region: jobs, models, endpoints, tags
    *_operations.py          what each API operation does
    training.py              the life of one customization job
    datasets.py, records.py  the job's own check of its data
    reinforcement.py         a reinforcement job's settings, prompts and metrics
    grading.py               asks the user's reward function
    artifacts.py             files that a job leaves in S3
    invocation.py            InvokeModel and Converse
    admin.py, faults.py      what tests may order: faults, quotas, life cycles, timings
"""
