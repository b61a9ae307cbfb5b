"""What a cell of the table of faults is, and the orders that it is made of."""

from dataclasses import dataclass, field

THROTTLED, BROKEN = "ThrottlingException", "InternalServerException"
FOR_EVER = 10_000
BEYOND_BOTOCORE = 6
"""More than botocore asks by itself inside a function: the function fails, and its state asks again."""


@dataclass(frozen=True)
class Cell:
    """One run: `bedrock` and `calls` are orders for calls, `orders` other commands for the local Bedrock."""

    name: str
    outcome: str = "Promoted"
    bedrock: tuple[dict, ...] = ()
    calls: tuple[dict, ...] = ()
    orders: tuple[dict, ...] = ()
    settings: dict = field(default_factory=dict)
    reward: str = ""
    """Source of the reward.py that comes along: the run is a reinforcement then."""
    hold: str = ""
    """Phase in which the run is held and then aborted or timed out."""
    twice: bool = False
    told: bool = True
    """Whether a notice can be sent at all."""
    execution_error: str = ""
    """What the execution says where that differs from the outcome."""


def bedrock_order(operation: str, error: str, count: int = 3, **more) -> dict:
    return {"operation": operation, "error": error, "count": count, **more}


def call_order(service: str, operation: str, error: str, count: int = 3, **more) -> dict:
    return {"service": service, "operation": operation, "error": error, "count": count, **more}


def on_function(name: str) -> tuple[dict, ...]:
    return (
        call_order("lambda", "Invoke", "TooManyRequestsException", 1, about=[name]),
        call_order("lambda", "Invoke", "ServiceException", 1, about=[name]),
        call_order("lambda", "Invoke", "ServiceException", 1, about=[name], after_effect=True),
    )


PT = {"serving": "provisioned_throughput"}
OD = {"serving": "on_demand"}
