"""From a drop to the run that it became: the execution whose event carries one of the dropped versions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finetune_cli import ledger
from finetune_cli.drops import Dropped
from finetune_cli.errors import NO, CommandError
from finetune_cli.ledger import Run
from finetune_core.errors import read_cause

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

PATIENCE_SECONDS = 300.0
DEAD = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


def carries(execution: Mapping[str, Any], dropped: Dropped) -> bool:
    """True when an execution (as DescribeExecution gives it) was started by the event of one of our objects.

    S3's events name the object's version. Where an event lacks it, the key and the time have to do.
    """
    try:
        named = json.loads(execution["input"])["detail"]["object"]
        version = dropped.versions[named["key"]]
        if "version-id" in named:
            return bool(named["version-id"] == version)
        return bool(execution["startDate"] >= dropped.sent_at)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


@dataclass
class Arrival:
    """Waits until a drop is in the ledger, `pause` seconds between looks."""

    here: Surroundings
    dropped: Dropped
    pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    mine: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def wait(self) -> Run:
        """The run that the drop became.

        Raises:
            CommandError: it was refused before it became one, or nothing happened for PATIENCE_SECONDS.
        """
        deadline = self.clock() + PATIENCE_SECONDS
        while True:
            self._look()
            for run in ledger.newest_runs(self.here, dataset=self.dropped.drop.dataset):
                if run.execution_arn in self.mine:
                    return run
            self._check_refused()
            if self.clock() > deadline:
                raise self._nothing()
            self.sleep(self.pause)

    def _look(self) -> None:
        """Find executions of this drop's events among the newest, and how those found stand."""
        states = self.here.client("stepfunctions")
        machine = self.here.names["state-machine"]
        for each in states.list_executions(stateMachineArn=machine, maxResults=50)["executions"]:
            arn = each["executionArn"]
            if arn in self.others:
                continue
            if arn not in self.mine or each["status"] != self.mine[arn]["status"]:
                found = states.describe_execution(executionArn=arn)
                if carries(found, self.dropped):
                    self.mine[arn] = found
                else:
                    self.others.add(arn)

    def _check_refused(self) -> None:
        dead = [each for each in self.mine.values() if each["status"] in DEAD]
        if dead and len(dead) == len(self.mine):
            error = dead[0].get("error", dead[0]["status"])
            raise CommandError(
                f"{error}: {read_cause(error, dead[0].get('cause', ''))}",
                where=dead[0]["executionArn"],
                do="Repair what the message names and submit again; the dropped files are untouched.",
                code=NO,
            )

    def _nothing(self) -> CommandError:
        key = self.dropped.drop.uploads[-1].key
        if self.mine:
            what = (
                f"{len(self.mine)} execution(s) began, but no run came into the ledger "
                f"within {PATIENCE_SECONDS:.0f} s."
            )
            return CommandError(
                what, where=", ".join(self.mine), do="Look at the execution in the AWS console."
            )
        return CommandError(
            f"Nothing started within {PATIENCE_SECONDS:.0f} s of the upload.",
            where=f"s3://{self.dropped.bucket}/{key}",
            do="Look at the dead-letter queue of the trigger rule; is the rule enabled?",
        )
