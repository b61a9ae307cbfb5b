"""Approval: people may have to say yes before the run spends money, and again before it commits to months."""

from __future__ import annotations

from stacks.workflow.states import (
    LAMBDA_TRANSIENT,
    Resources,
    State,
    States,
    catch_failure,
    expression,
    failure,
    record_phase,
    retry,
)

_ASK = """$plan.settings.approval = 'always'
    or ($plan.settings.approval = 'above' and $price.high > $plan.settings.approve_above_usd)
    or ($type($price.over) = 'string' and $price.over != '')"""
_AUTOMATIC = """{'decision': 'automatic', 'by': 'settings', 'at': $now(), 'reason':
    $plan.settings.approval = 'above'
        ? 'at most ' & $string($price.high) & ' USD, below approve_above_usd'
        : 'approval is never'}"""


def approve_states(resources: Resources, *, timeout_seconds: int, following: str) -> States:
    """Give the states that ask for approval when the run's settings or its ceiling want it."""
    return {
        "Is approval needed": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(_ASK), "Next": "Record approval"}],
            "Assign": {"approval": expression(_AUTOMATIC)},
            "Default": following,
        },
        **question_states(
            resources,
            question="run",
            variable="approval",
            phase="approve",
            names=("Record approval", "Request approval", "Record answer", "Is it approved"),
            timeout_seconds=timeout_seconds,
            following=following,
        ),
    }


def question_states(
    resources: Resources,
    *,
    question: str,
    variable: str,
    phase: str,
    names: tuple[str, str, str, str],
    timeout_seconds: int,
    following: str,
) -> States:
    """Ask, wait, write down who answered and when, then go on or end as failed in `phase`.

    The answer becomes the variable, and the ledger's attribute, of this name: each question keeps its own.
    In the ledger both questions are phase "approve": that is where answers are looked for.
    """
    record, request, answer, decide = names
    return {
        record: record_phase(resources, "approve", following=request, results=("price",), failing=phase),
        request: _request(
            resources.functions["request_approval"], question, variable, phase, timeout_seconds, answer
        ),
        answer: record_phase(
            resources,
            "approve",
            following=decide,
            results=(variable,),
            attributes={"task_token": "''"},
            failing=phase,
        ),
        decide: _decide(variable, phase, timeout_seconds, following),
    }


def _request(  # noqa: PLR0917 - what the state is made of, once
    arn: str, question: str, variable: str, phase: str, timeout_seconds: int, following: str
) -> State:
    payload: State = {name: expression(f"${name}") for name in ("plan", "preflight", "validation", "price")}
    payload |= {"question": question, "seconds": timeout_seconds}
    payload |= {"token": expression("$states.context.Task.Token")}
    late = {"decision": "timed_out", "by": "nobody", "at": expression("$now()"), "reason": ""}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": arn, "Payload": payload},
        "TimeoutSeconds": timeout_seconds,
        "Retry": [retry(LAMBDA_TRANSIENT)],
        "Catch": [
            {"ErrorEquals": ["States.Timeout"], "Assign": {variable: late}, "Next": following},
            *catch_failure(phase),
        ],
        "Assign": {variable: expression("$states.result")},
        "Next": following,
    }


def _decide(variable: str, phase: str, timeout_seconds: int, following: str) -> State:
    """Only a clear yes goes on."""
    answer = f"${variable}"
    declined = f"""'Declined by ' & {answer}.by & ' at ' & {answer}.at
        & ({answer}.reason ? ': ' & {answer}.reason : '')"""
    late = f"'nobody answered within {timeout_seconds} seconds'"
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": expression(f"{answer}.decision = 'approved'"), "Next": following},
            {
                "Condition": expression(f"{answer}.decision = 'timed_out'"),
                "Assign": failure(phase, "'ApprovalTimedOut'", late),
                "Next": "Clean up",
            },
        ],
        "Assign": failure(phase, "'Declined'", declined),
        "Default": "Clean up",
    }
