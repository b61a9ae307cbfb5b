"""AWS behind small adapters: every call of the functions to AWS is made here, and nowhere else."""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # What a function's start imports stays as long as the function: to look for garbage in it after every 700
    # objects is a twentieth of the start (docs/speed.md). From the first call on it works (telemetry).
    gc.disable()
