"""The `finetune` command: check datasets, drop them, follow runs, and run the whole pipeline locally.

Modules named after a command live in `commands/`; everything they share lies beside this file. Nothing here
imports boto3, rich or the local cloud before a command needs it, so that `finetune --help` answers at once.
"""
