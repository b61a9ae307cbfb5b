"""Cold start: what a new process costs beyond the interpreter until its first record is judged.

What runs is the functions' asset as it is deployed, and once more without its bytecode.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import indent
from typing import Final

from config.environments import LOCAL
from stacks.components.lambda_asset import lambda_asset

ROUNDS: Final = 15
CLIENT: Final = "from finetune_aws import clients; clients.client('s3')"
ENVIRONMENT: Final = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "validate-dataset",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
JUDGE: Final = """
from finetune_core.catalogue import find_model
from finetune_core.validation import validate
line = b'{"prompt": "a", "completion": "b"}'
report = validate([line], find_model("meta.llama3-1-8b-instruct-v1:0:128k"), "fine-tuning")
assert report.records == 1
"""
FUNCTION: Final = f"""
import validate_dataset.handler
from finetune_aws.telemetry import function

@function("validate_dataset")
def handler(event, context):
{indent(CLIENT + JUDGE, "    ")}
    return {{}}

handler({{}}, None)
"""
STEPS: Final = {
    "interpreter": "pass",
    "validator": JUDGE,
    "sdk": CLIENT,
    "function": FUNCTION,
    "function_without_bytecode": FUNCTION,
}
"""What each process does: nothing; the validator and a record; the AWS SDK and the client that reads from S3;
all that `validate_dataset` does until its first record is judged, but for the request itself."""


def measure() -> dict[str, float]:
    """Give the milliseconds of processor time of each step beyond the interpreter's own.

    The steps take turns; the best round counts, because others on the machine only add time.
    """
    asset = lambda_asset(LOCAL)
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        shutil.copytree(asset, source, ignore=shutil.ignore_patterns("__pycache__"))
        for _ in range(ROUNDS):
            for step, code in STEPS.items():
                folder = source if step.endswith("without_bytecode") else asset
                times[step].append(_processor_ms(code, folder))
    least = {step: min(found) for step, found in times.items()}
    return {step: least[step] - least["interpreter"] for step in STEPS if step != "interpreter"}


def _processor_ms(code: str, folder: Path) -> float:
    """Run the code in a process of its own; -S leaves out the packages beside the asset, as on Lambda."""
    command = [sys.executable, "-S", "-c", f"{code}\nimport time; print(time.process_time())"]
    environment = ENVIRONMENT | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    return 1000 * float(done.stdout.splitlines()[-1])
