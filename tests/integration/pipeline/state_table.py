"""The table of states and faults: every Task state of the machine meets every kind of fault.

A row is a state: the route on which a run comes through it, what kind of call it makes, and how a run ends
that cannot get past it. The columns are made by `cells`. What single calls of a service do within a state is
in `fault_table`.
"""

from dataclasses import dataclass
from typing import Final

from tests.integration.pipeline.fault_rewards import REWARD
from tests.integration.pipeline.fault_table import OD, PT, REFUSED_TEST, Cell
from tests.integration.pipeline.judge_table import JUDGED, STALLED

FOR_EVER: Final = "…"
COMMITTED: Final = PT | {
    "commitment": "OneMonth",
    "commitment_confirmed": "OneMonth",
    "budget_usd": 1_000_000,
}
ROUTES: Final[dict[str, dict]] = {
    "on_demand": {"settings": OD},
    "provisioned": {"settings": PT},
    "asked": {"settings": {"approval": "always"}, "answers": True},
    "failing": {"settings": OD, "bedrock": (REFUSED_TEST,), "outcome": "ServingFailed"},
    "large": {"settings": OD, "large": True},
    "graded": {"settings": OD, "reward": REWARD},
    "swapped": {"settings": PT | {"rollout": "in_place"}, "champion": True},
    "judged": {"settings": JUDGED},
    "judged late": {"settings": JUDGED, "orders": (STALLED,), "outcome": "EvaluationFailed"},
    "committed": {"settings": COMMITTED, "answers": True, "keeps": "model"},
}
"""Route -> what is special about its cells; without faults each ends as its outcome, or as Promoted."""

PASSING: Final = {
    "function": ("Lambda.TooManyRequestsException", "Throttled"),
    "ledger": ("DynamoDB.ProvisionedThroughputExceededException", "DynamoDB.ThrottlingException"),
    "bedrock": ("Bedrock.ThrottlingException", "Bedrock.ServiceUnavailableException"),
}
LOST: Final = {
    "function": ("Lambda.ServiceException", "ServiceUnavailable"),
    "ledger": ("DynamoDB.InternalServerErrorException", "DynamoDB.SdkClientException"),
    "bedrock": ("Bedrock.InternalServerException", "Bedrock.SdkClientException"),
}
REFUSED: Final = {
    "function": "AccessDenied",
    "ledger": "DynamoDB.AccessDeniedException",
    "bedrock": "Bedrock.AccessDeniedException",
}


@dataclass(frozen=True)
class Row:
    """A state. `refused` and `late` name the end of a run whose state is refused, or times out once.

    `held` is the end of a run that is stopped in the state once its call has acted; "" for RunAborted or
    RunTimedOut. `lies` are members of its result that may be behind what is true. `keeps` says what stays
    although the run failed, `error` what the execution says of a failure in the state itself.
    """

    state: str
    route: str = "on_demand"
    kind: str = "function"
    refused: str = ""
    late: str = ""
    held: str = ""
    lies: dict | None = None
    keeps: str = ""
    error: str = ""


def _serving(state: str, kind: str, route: str, **more) -> Row:
    return Row(state, route, kind, "ServingFailed", "ServingFailed", **more)


def _judging(state: str, kind: str = "function", route: str = "on_demand", **more) -> Row:
    return Row(state, route, kind, "EvaluationFailed", "EvaluationFailed", **more)


def _plain(state: str, kind: str = "function", route: str = "on_demand") -> Row:
    return Row(state, route, kind, REFUSED[kind], "States.Timeout")


_SHARDS: Final = "States.ExceedToleratedFailureThreshold"
CREATING: Final = {"Status": "Creating"}
ROWS: Final = (
    Row("Resolve run", refused="AccessDenied", late="States.Timeout", held="nothing"),
    _plain("Claim run", "ledger"),
    _plain("Ask for dataset"),
    _plain("Record preflight", "ledger"),
    _plain("Check model"),
    _plain("Record validation", "ledger"),
    _plain("Validate dataset"),
    *(_plain(name, route="large") for name in ("Plan shards", "Merge shards", "Join parts")),
    *(Row(name, "large", "function", _SHARDS, _SHARDS) for name in ("Validate shard", "Prepare shard")),
    _plain("Record reward", "ledger", "graded"),
    _plain("Deploy reward", route="graded"),
    _plain("Record price", "ledger"),
    _plain("Estimate price"),
    Row("Record approval", "asked", "ledger", REFUSED["ledger"], "ApprovalTimedOut"),
    Row("Request approval", "asked", "function", "AccessDenied", "ApprovalTimedOut"),
    Row("Record answer", "asked", "ledger", REFUSED["ledger"], "ApprovalTimedOut"),
    _plain("Ask for job place"),
    Row("Record training", "on_demand", "ledger", "TrainingFailed", "TrainingStalled"),
    Row("Train model", "on_demand", "bedrock", "TrainingFailed", "TrainingStalled"),
    Row("Look at training", "on_demand", "bedrock", "Promoted", "Promoted", lies={"Status": "InProgress"}),
    Row("Read training", "on_demand", "function", "TrainingFailed", "TrainingStalled"),
    Row("Leave job queue", "on_demand", "ledger", "Promoted", "Promoted"),
    _serving("Record serving", "ledger", "on_demand"),
    _serving("Create provisioned throughput", "bedrock", "provisioned"),
    _serving("Record provisioned throughput", "ledger", "provisioned"),
    _serving("Get provisioned throughput", "bedrock", "provisioned", lies=CREATING),
    _serving("Deploy model", "function", "on_demand"),
    _serving("Record deployment", "ledger", "on_demand"),
    _serving("Test endpoint", "function", "on_demand"),
    _serving("Find champion before swap", "function", "swapped"),
    _serving("Answer prompts of champion's shard", "function", "swapped"),
    _serving("Swap model", "function", "swapped"),
    _serving("Record swap", "ledger", "swapped"),
    _judging("Record evaluation", "ledger"),
    _judging("Find champion"),
    _judging("Answer prompts of shard"),
    _judging("Prepare judgement", route="judged"),
    _judging("Start judge", "bedrock", "judged"),
    _judging("Look at judge", "bedrock", "judged", lies={"Status": "InProgress"}),
    _judging("Stop judge", "bedrock", "judged late"),
    _judging("Judge models"),
    _serving("Release judged throughput", "bedrock", "committed"),
    _serving("Record commitment", "ledger", "committed"),
    Row("Request commitment", "committed", "function", "ServingFailed", "ApprovalTimedOut"),
    _serving("Record second answer", "ledger", "committed"),
    _serving("Buy committed throughput", "bedrock", "committed", keeps="commitment"),
    _serving("Record committed throughput", "ledger", "committed", keeps="commitment"),
    _serving("Get committed throughput", "bedrock", "committed", keeps="commitment", lies=CREATING),
    _serving("Test committed endpoint", "function", "committed", keeps="commitment"),
    _plain("Record promotion", "ledger"),
    Row("Promote model", "on_demand", "function", "AccessDenied", "Promoted", held="Promoted"),
    Row(
        "Report promotion",
        "on_demand",
        "function",
        "Promoted",
        "Promoted",
        held="Promoted",
        error="ReportFailed",
    ),
    _serving("Clean up", "function", "failing", error="CleanUpFailed"),
    _serving("Report failure", "function", "failing", held="ServingFailed", error="ReportFailed"),
)


def _cell(row: Row, fault: str, outcome: str, order: dict, **more) -> Cell:
    route = dict(ROUTES[row.route])
    usual = route.pop("outcome", "Promoted")
    keeps = {"keeps": row.keeps} if row.keeps else {}
    both = row.state == "Resolve run" and outcome not in {"", "nothing"}
    route |= {"both": True} if both else {}
    given = route | keeps | {"outcome": outcome or usual, "states": ({"state": row.state, **order},)}
    return Cell(f"{row.state}: {fault}", **(given | more))


def _columns(row: Row) -> list[Cell]:
    refusal = REFUSED[row.kind]
    late = ["States.Timeout", *([FOR_EVER] if row.state == "Resolve run" else [])]  # of both files' events
    found = [
        _cell(row, "throttled", "", {"errors": list(PASSING[row.kind])}),
        _cell(row, "answers lost", "", {"errors": list(LOST[row.kind]), "lost": True}),
        _cell(row, "refused", row.refused, {"errors": [refusal, FOR_EVER]}, execution_error=row.error),
        _cell(row, "too late", row.late, {"errors": late, "lost": True}, execution_error=row.error),
    ]
    if row.lies:
        found.append(_cell(row, "told what was", "", {"errors": ["", "", ""], "answers": row.lies}))
    for ending, word in (("RunAborted", "aborted"), ("RunTimedOut", "timed out")):
        found.append(_cell(row, word, row.held or ending, {"hold": True}, ends=ending))
    return found


STATE_CELLS: Final = [cell for row in ROWS for cell in _columns(row)]
