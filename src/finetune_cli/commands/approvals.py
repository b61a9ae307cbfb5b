"""`finetune approve` and `finetune decline`: answer a run that waits for a person."""

from __future__ import annotations

import getpass
import json
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from finetune_cli import ledger
from finetune_cli.console import Console
from finetune_cli.errors import OK, CommandError
from finetune_cli.ledger import Run
from finetune_cli.surroundings import connect

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_cli.surroundings import Surroundings


def add(commands: Commands) -> None:
    """Declare both commands."""
    yes = commands.add("approve", "Let a waiting run spend its money.", approve)
    no = commands.add("decline", "End a waiting run before it spends money.", decline)
    for parser in (yes, no):
        parser.add_argument("run", metavar="RUN|DATASET", help="a run id, or a dataset for its newest run")
        parser.add_argument("--by", default="", metavar="NAME", help="who answers (default: your login name)")
    no.add_argument("--reason", default="", metavar="TEXT", help="goes into the run's report")


def approve(args: Namespace, console: Console) -> int:
    """0 once Step Functions has the yes."""
    return _answer(args, "approved", "", console)


def decline(args: Namespace, console: Console) -> int:
    """0 once Step Functions has the no."""
    return _answer(args, "declined", args.reason, console)


def _answer(args: Namespace, decision: str, reason: str, console: Console) -> int:
    """Send the answer with who gave it, by name and as AWS knows the caller, and when."""
    here = connect(args)
    run = _waiting(here, args.run)
    answer = {
        "decision": decision,
        "by": args.by or getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "reason": reason,
        "identity": str(here.client("sts").get_caller_identity()["Arn"]),
    }
    _send(here, run, answer)
    return _told(console, run, answer)


def _waiting(here: Surroundings, name: str) -> Run:
    run = ledger.find_run(here, name)
    if run.ended or run.phase != "approve" or not run.task_token:
        raise CommandError(
            f"Run {run.run_id} does not wait for approval.",
            where=f"status {run.status}, phase {run.phase}",
            do=f"See where it is: finetune status {run.run_id}",
        )
    return run


def _send(here: Surroundings, run: Run, answer: dict[str, str]) -> None:
    states = here.client("stepfunctions")
    gone = (
        states.exceptions.TaskTimedOut,
        states.exceptions.TaskDoesNotExist,
        states.exceptions.InvalidToken,
    )
    try:
        states.send_task_success(taskToken=run.task_token, output=json.dumps(answer))
    except gone as error:
        raise CommandError(
            f"Run {run.run_id} no longer waits: {error.response['Error']['Code']}.",
            where=run.execution_arn,
            do="Somebody else may have answered, or the time for it ran out: finetune status " + run.run_id,
        ) from None


def _told(console: Console, run: Run, answer: dict[str, str]) -> int:
    console.data({"run_id": run.run_id, **answer})
    console.say(f"{console.mark('done')} {run.run_id} {answer['decision']} by {answer['by']}")
    return OK
