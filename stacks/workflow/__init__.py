"""The state machine, one module per phase; `definition` joins them into one States Language document."""

from __future__ import annotations

from stacks.workflow.approve import approve_states
from stacks.workflow.clean_up import clean_up_states
from stacks.workflow.commit import commit_states
from stacks.workflow.evaluate import evaluate_states
from stacks.workflow.intake import intake_states
from stacks.workflow.promote import promote_states
from stacks.workflow.queue import dataset_queue_states, job_queue_states, leave_job_queue
from stacks.workflow.serve import serve_states
from stacks.workflow.states import Resources, State
from stacks.workflow.timing import Timing
from stacks.workflow.train import train_states
from stacks.workflow.validate import validate_states

__all__ = ["Resources", "Timing", "definition"]


def definition(*, resources: Resources, timing: Timing) -> State:
    """Give the machine in Amazon States Language (JSONata), ready to be rendered as JSON.

    ARNs and names in `resources` may be CloudFormation tokens. All times in `timing` are seconds.
    """
    return {
        "Comment": "From dropped data to a promoted model; every failure is cleaned up and ends FAILED",
        "QueryLanguage": "JSONata",
        "StartAt": "Start run",
        "TimeoutSeconds": timing.machine,
        "States": {
            **intake_states(resources, settle_seconds=timing.settle),
            **dataset_queue_states(resources, timing, following="Record preflight"),
            **validate_states(
                resources,
                large_bytes=timing.large_bytes,
                shard_bytes=timing.shard_bytes,
                shard_concurrency=timing.shard_concurrency,
            ),
            **approve_states(resources, timeout_seconds=timing.approval, following="Ask for job place"),
            **job_queue_states(resources, timing, following="Record training"),
            **train_states(
                resources,
                timeout_seconds=timing.training,
                poll_seconds=timing.training_poll,
                stall_seconds=timing.training_stall,
            ),
            **leave_job_queue(resources, following="Is the training sound"),
            **serve_states(
                resources,
                poll_seconds=timing.poll,
                timeout_seconds=timing.serving,
                concurrency=timing.evaluation_concurrency,
            ),
            **evaluate_states(
                resources,
                concurrency=timing.evaluation_concurrency,
                poll_seconds=timing.training_poll,
                timeout_seconds=timing.judge,
            ),
            **commit_states(
                resources,
                approval_seconds=timing.approval,
                poll_seconds=timing.poll,
                timeout_seconds=timing.serving,
                following="Record promotion",
            ),
            **promote_states(resources),
            **clean_up_states(resources),
        },
    }
