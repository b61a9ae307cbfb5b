"""What one promoted run costs on AWS beside Bedrock: counted from its history, at dated list prices."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from aws_prices import PRICES
from execution_times import ExecutionTimes, concurrency, functions_by_state, states_with

from finetune_cli.ledger import Run
from finetune_cli.surroundings import Surroundings

FUNCTION_WRITES: Final = 2
"""Ledger writes by functions in a promoted run: the champion (promote_model) and the end (finish_run)."""
MAP: Final = "Answer prompts"
INSIDE_MAP: Final = "Answer prompts of shard"
CONTESTANTS: Final = 2
COPIES: Final = 2
"""A write of a run's item goes to the table and to its index."""


@dataclass(frozen=True)
class Counted:
    """Units that one run used: `write_units` and `puts` as upper bounds, see `count`."""

    transitions: int
    invocations: int
    gigabyte_seconds: float
    write_units: int
    puts: int

    def dollars(self) -> dict[str, float]:
        """Price every count; `together` last."""
        amounts = {
            "transitions": self.transitions * PRICES["transition"].dollars,
            "invocations": self.invocations * PRICES["invocation"].dollars,
            "gigabyte_seconds": self.gigabyte_seconds * PRICES["gigabyte_second"].dollars,
            "write_units": self.write_units * PRICES["write_unit"].dollars,
            "puts": self.puts * PRICES["put"].dollars,
        }
        return {
            name: round(value, 9) for name, value in {**amounts, "together": sum(amounts.values())}.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Counts and dollars, for the results file."""
        return {**asdict(self), "dollars": self.dollars()}


def count(here: Surroundings, run: Run, times: ExecutionTimes) -> Counted:
    """Count what a run used.

    A function's billed time is taken as the time of its state. What goes on inside the Map is not in the
    local history: its steps follow from the shards, their time is at most the Map's own times those at once.
    Every ledger write is counted at the size that the run's item has in the end. S3's PUTs are the versions
    that lie under the run's prefixes afterwards.
    """
    machine = here.names["state-machine"]
    states = here.client("stepfunctions")
    invoking = functions_by_state(states, machine)
    shards = CONTESTANTS * len(run.result("validation")["evaluation"]["shards"])
    entered = {**times.entered, INSIDE_MAP: shards}
    seconds = {
        **times.seconds,
        INSIDE_MAP: times.seconds.get(MAP, 0.0) * min(shards, concurrency(states, machine)),
    }
    used = {name: entered[name] for name in invoking if entered.get(name)}
    writing = states_with(states, machine, "dynamodb:")
    writes = sum(times.entered.get(name, 0) for name in writing) + FUNCTION_WRITES
    return Counted(
        transitions=times.transitions + shards,
        invocations=sum(used.values()),
        gigabyte_seconds=round(sum(_gigabytes(here, invoking[name]) * seconds[name] for name in used), 4),
        write_units=writes * math.ceil(_item_bytes(here, run) / 1024) * COPIES,
        puts=_versions(here, run),
    )


def _gigabytes(here: Surroundings, function_arn: str) -> float:
    configuration = here.client("lambda").get_function_configuration(FunctionName=function_arn)
    return float(configuration["MemorySize"]) / 1024


def _item_bytes(here: Surroundings, run: Run) -> int:
    """Size of the run's item: names and values in UTF-8, near enough to DynamoDB's own count."""
    key = {"pk": {"S": f"run#{run.run_id}"}, "sk": {"S": "run"}}
    item: Mapping[str, Any] = here.client("dynamodb").get_item(TableName=here.names["ledger-table"], Key=key)[
        "Item"
    ]
    return len(json.dumps(item, ensure_ascii=False).encode())


def _versions(here: Surroundings, run: Run) -> int:
    s3 = here.client("s3")
    places = (
        (here.names["artifacts-bucket"], f"runs/{run.run_id}/"),
        (here.names["data-bucket"], f"prepared/{run.run_id}/"),
        (here.names["data-bucket"], f"datasets/{run.dataset}/"),
    )
    return sum(
        len(s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions", []))
        for bucket, prefix in places
    )
