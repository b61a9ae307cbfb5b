"""A run as people follow it: its phases with times and one line of detail each. Pure.

`describe(run, live)` turns the ledger's item, and what live calls added, into `Step`s;
`changes(before, after)` are the steps worth a new line in a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from finetune_cli.ledger import Run

TRAINING = "training"
"""The stage in which a job takes steps."""
JOB_STAGES = (
    ("validationDetails", "checking data"),
    ("dataProcessingDetails", "processing data"),
    ("trainingDetails", TRAINING),
)


@dataclass(frozen=True)
class Step:
    """One phase; `state` is done, active, failed or waiting (for a person), `seconds` None until it ended."""

    name: str
    state: str
    at: str
    seconds: float | None
    detail: str = ""


@dataclass(frozen=True)
class Live:
    """What only live calls know: the customization job's stage, the endpoint's status."""

    training: str = ""
    endpoint_status: str = ""


def training_stage(job: Mapping[str, Any]) -> str:
    """What a customization job is at. Bedrock tells no step and no loss before the end."""
    details = job.get("statusDetails", {})
    stage = "in the queue"
    for name, words in JOB_STAGES:
        status = details.get(name, {}).get("status", "NotStarted")
        if status == "InProgress":
            stage = words
        elif status == "Completed":
            stage = f"{words} done"
        elif status != "NotStarted":
            stage = f"{words}: {status}"
    return f"job {job['status']}" if job.get("status") in {"Stopping", "Stopped", "Failed"} else stage


def describe(run: Run, live: Live | None = None) -> list[Step]:
    """The run's phases in order, each with its duration and what it found."""
    steps = []
    phases = _distinct(run.phases)
    for at, (name, began) in enumerate(phases):
        last = at + 1 == len(phases)
        ended = (run.finished_at if run.ended else "") if last else phases[at + 1][1]
        state = _state(run, name, last=last)
        steps.append(Step(name, state, began, seconds_between(began, ended), _detail(run, name, live, state)))
    return steps


def _distinct(phases: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The phases without repetitions: one is written down again when it has something to add."""
    return [phase for at, phase in enumerate(phases) if at == 0 or phase[0] != phases[at - 1][0]]


def _state(run: Run, name: str, *, last: bool) -> str:
    if not last:
        return "done"
    if run.ended:
        return "done" if run.status == "PROMOTED" else "failed"
    asked = name == "approve" and run.task_token
    return "waiting" if asked or queue_place(run) else "active"


def queue_place(run: Run) -> str:
    """Where a run that waits its turn stands; "" for one that does not wait."""
    turn = run.result("queue")
    if run.ended or turn.get("state") != "waiting":
        return ""
    others, since = ", ".join(turn["waits_for"]), turn["since"][:19]
    if turn["queue"] == "dataset":
        return f"waits since {since} until run {others} of the same dataset has ended"
    return f"waits since {since} for a job: place {turn['place']} of {turn['of']}, behind {others}"


def seconds_between(began: str, ended: str) -> float | None:
    """Seconds from one ISO time to another; None when either is missing."""
    if not began or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def _detail(run: Run, phase: str, live: Live | None, state: str) -> str:
    if phase == "train" and state == "active" and live and live.training:
        return live.training
    if phase == "serve" and state == "active":
        status = (live.endpoint_status if live else "") or run.result("endpoint").get("status", "")
        return " · ".join(part for part in (run.endpoint_kind.replace("_", " "), status) if part)
    if phase == "approve" and state == "waiting":
        until = f" until {run.answer_by[:19]}" if run.answer_by else ""
        return f"waits for a person{until}: finetune approve {run.run_id}"
    if state == "waiting":
        return queue_place(run)
    writer = _DETAILS.get(phase)
    return writer(run) if writer else ""


def _preflight(run: Run) -> str:
    found = run.result("preflight")
    return f"{found['base_model_name']} ({found['customization_type']})" if found else ""


def _validate(run: Run) -> str:
    found = run.result("validation")
    if not found:
        return ""
    counts = found["counts"]
    split = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return f"{split} · about {found['tokens']['expected']:,} tokens an epoch"


def _reward(run: Run) -> str:
    found = (run.result("preflight") or {}).get("reward")
    if not found or found.get("right") is None:
        return ""
    scores = f"reference answers {found['right']:.3g}, others {found['wrong']:.3g}"
    return f"tried on {found['tried']} records: {scores}"


def _price(run: Run) -> str:
    found = run.result("price")
    return f"{money(found['expected'])} ({money(found['low'])} to {money(found['high'])})" if found else ""


def _train(run: Run) -> str:
    found = run.result("training")
    if not found:
        return ""
    if found.get("training_reward"):
        return f"{found['steps']} steps · reward {arrow(found['training_reward'])}"
    return f"{found['steps']} steps · loss {arrow(found['training_loss'])}"


def _serve(run: Run) -> str:
    return run.endpoint_kind.replace("_", " ")


def _evaluate(run: Run) -> str:
    found = run.result("evaluation")
    return f"{found['verdict']}: {'; '.join(found['reasons'])}" if found else ""


_DETAILS = {
    "preflight": _preflight,
    "validate": _validate,
    "reward": _reward,
    "price": _price,
    "train": _train,
    "serve": _serve,
    "evaluate": _evaluate,
}


def arrow(loss: dict[str, float] | None) -> str:
    """A curve's ends: "3.21 → 1.05"; "not reported" when there is no curve."""
    return f"{loss['first']:.4g} → {loss['last']:.4g}" if loss else "not reported"


def money(dollars: float) -> str:
    """US dollars with cents: "$12.30"; what is less than a cent keeps two digits that count."""
    if 0 < dollars < 0.01:
        return f"${dollars:.2g}"
    return f"${dollars:,.2f}"


def changes(before: Sequence[Step], after: Sequence[Step]) -> list[Step]:
    """Steps that are new, changed their state, or have something new to say. For logs: one line each."""
    return [step for at, step in enumerate(after) if at >= len(before) or _news(before[at], step)]


def _news(old: Step, new: Step) -> bool:
    return (old.state, old.detail, old.seconds is None) != (new.state, new.detail, new.seconds is None)


def failure_message(run: Run) -> str:
    """Why the run ended as it did, in the words of whoever refused; "" for a promoted run."""
    if run.status == "PROMOTED":
        return ""
    if run.message:
        return run.message
    error = run.results.get("error")
    if isinstance(error, dict):
        return str(error.get("message") or error.get("Cause") or error.get("cause") or error)
    if error:
        return str(error)
    return "; ".join(run.result("evaluation").get("reasons", []))
