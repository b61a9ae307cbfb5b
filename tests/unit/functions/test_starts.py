"""What a function's start leaves to be done until its first call."""

import os
import subprocess
import sys

import pytest

from tests.infrastructure.synthesis import ROOT

START = """
import gc
from finetune_aws.telemetry import function
print(gc.isenabled(), gc.get_freeze_count() > 0)

@function("named")
def handler(event, context):
    return {"collecting": gc.isenabled(), "frozen": gc.get_freeze_count() > 0}

print(*handler({}, None).values())
"""


@pytest.mark.parametrize(
    ("name", "before"), [({"AWS_LAMBDA_FUNCTION_NAME": "named"}, "False False"), ({}, "True False")]
)
def test_the_collector_works_from_a_functions_first_call_and_always_elsewhere(name, before):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "lambdas"), **name}
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("{")]  # the rest is logged
    assert lines == [before, "True True"]
