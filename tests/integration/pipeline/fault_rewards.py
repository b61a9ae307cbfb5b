"""The table of faults around reward functions: whatever happens, none is left behind."""

from dataclasses import replace

from tests.integration.pipeline.fault_table import FOR_EVER, OD, Cell, call_order

BEYOND_BOTOCORE = 3
"""More than a function asks Lambda by itself (twice): it fails, and its state asks again."""
REWARD = """\
def lambda_handler(event, context):
    return [{"id": each["id"], "aggregate_reward_score": score(each), "metrics_list": []} for each in event]


def score(each):
    return float(bool(each["messages"][-1]["content"].strip()))
"""
"""Any answer will do: what the model learns does not matter here."""


def _passing() -> list[Cell]:
    """Whatever happens around the run's own function, none is left behind."""
    many = BEYOND_BOTOCORE
    rows = [
        ("CreateFunction", "DeployReward"),
        ("GetFunction", "DeployReward"),
        ("Invoke", "DeployReward"),
        ("Invoke", "AnswerPrompts"),
        ("GetFunction", "PromoteModel"),
        ("DeleteFunction", "PromoteModel"),
    ]
    cells = []
    for operation, caller in rows:
        slow = call_order("lambda", operation, "TooManyRequestsException", many, caller=caller)
        cells.append(Cell(f"{operation} by {caller}: throttled", calls=(slow,)))
        lost = call_order("lambda", operation, "ServiceException", many, caller=caller, after_effect=True)
        cells.append(Cell(f"{operation} by {caller}: 5xx, although it acts", calls=(lost,)))
    return [replace(cell, settings=OD, reward=REWARD) for cell in cells]


def _lasting() -> list[Cell]:
    denied = call_order("lambda", "CreateFunction", "AccessDeniedException", FOR_EVER, caller="DeployReward")
    lost = call_order("lambda", "DeleteFunction", "ServiceException", 2, caller="CleanUp", after_effect=True)
    failing = ({"command": "fail_job", "stage": "training"},)
    cells = [
        Cell("no function may be made", "AccessDenied", calls=(denied,)),
        Cell("the job with a reward fails", "TrainingFailed", orders=failing),
        Cell("the reward's deletion is answered in vain", "TrainingFailed", calls=(lost,), orders=failing),
    ]
    raising = "def lambda_handler(event, context):\n    return 1 / 0\n"
    return [replace(cell, reward=REWARD) for cell in cells] + [
        Cell("the reward raises", "RewardInvalid", reward=raising)
    ]


REWARD_CELLS = [*_passing(), *_lasting()]
