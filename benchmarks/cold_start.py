"""Cold start: what a new process costs beyond the interpreter until its first record is judged."""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ROUNDS: Final = 9
CLIENT: Final = "from finetune_aws import clients; clients.client('s3')"
ACCESS: Final = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "us-east-1",
}
JUDGE: Final = """
from finetune_core.catalogue import find_model
from finetune_core.validation import validate
line = b'{"prompt": "a", "completion": "b"}'
report = validate([line], find_model("meta.llama3-1-8b-instruct-v1:0:128k"), "fine-tuning")
assert report.records == 1
"""
STEPS: Final = {
    "interpreter": "pass",
    "validator": JUDGE,
    "sdk": CLIENT,
    "function": f"import validate_dataset.handler; {CLIENT}{JUDGE}",
}
"""What each process does: nothing; the validator and a record; the AWS SDK and the client that reads from S3;
all that `validate_dataset` does until its first record is judged, but for the request itself."""


def measure() -> dict[str, float]:
    """Give the milliseconds of processor time of each step beyond the interpreter's own, medians in turns."""
    environment = (
        os.environ | ACCESS | {"PYTHONPATH": str(ROOT / "lambdas"), "POWERTOOLS_TRACE_DISABLED": "1"}
    )
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    for _ in range(ROUNDS):
        for step, code in STEPS.items():
            command = [sys.executable, "-c", f"{code}\nimport time; print(time.process_time())"]
            done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
            times[step].append(1000 * float(done.stdout))
    middle = {step: statistics.median(found) for step, found in times.items()}
    return {step: middle[step] - middle["interpreter"] for step in STEPS if step != "interpreter"}
