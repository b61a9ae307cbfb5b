"""AWS behind small adapters: every call of the functions to AWS is made here, and nowhere else."""

import gc

# What a start imports lives as long as the function: to look through it for garbage after every 700 objects,
# as Python does, is a twentieth of the start (docs/speed.md).
gc.set_threshold(100_000)
