"""Every private thing of the AWS emulator (ministack 1.5.33) that this project touches, and nothing else.

The emulator's internals may change with any release: it is pinned, no other package imports it, and
`tests/contracts/test_ministack_hooks.py` holds each name used here against the installed release.
Importing a module of this package reads the emulator's settings from environment variables, so the server
sets those first (`finetune_local.server`).

- `gateway`: serving, registering services, the request's tenant and caller
- `iam`: decisions and temporary credentials
- `encryption`: the keys behind S3 objects
- `events`: events, metrics, the delivery of events to targets
- `functions`: what a failed function answers
- `function_urls`: where a function's public address leads, and who may call it
- `objects`: ranges of an object's version
- `states`: the Step Functions engine
"""
