"""Validation of large datasets: byte ranges as children of a Distributed Map, before and after the verdict.

Children are Standard executions: an Express one may run for five minutes only, and a shard's function may
need more when each of its records is faulty; at a few hundred children the difference is a cent. A child
reads no variable of the machine (it cannot), keeps what it finds in S3 and answers its number alone, so that
the results of all children together stay far below the 256 KiB of a state's output. Sources read 2026-11-24:
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html,
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html.
"""

from __future__ import annotations

from stacks.workflow.states import (
    LAMBDA_TRANSIENT,
    Resources,
    State,
    States,
    call_function,
    catch_failure,
    expression,
    retry,
)

PHASE = "validate"


def shard_states(resources: Resources, *, shard_bytes: int, concurrency: int, following: str) -> States:
    """Give the states from a large dataset to the same `validation` that a small one gets."""
    functions = resources.functions
    plan: State = call_function(
        functions["plan_shards"],
        {"plan": "$plan", "preflight": "$preflight", "shard_bytes": str(shard_bytes)},
        phase=PHASE,
        result="sharding",
        following="Validate shards",
        seconds=180,
    )
    merge: State = call_function(
        functions["merge_shards"],
        {"plan": "$plan", "sharding": "$sharding"},
        phase=PHASE,
        result="order",
        following="Prepare shards",
        seconds=960,
    )
    listed = expression("$states.result.Payload")
    return {
        "Plan shards": {**plan, "Output": listed},
        "Validate shards": _each(
            functions["validate_shard"], "Validate shard", concurrency=concurrency, following="Merge shards"
        ),
        "Merge shards": {**merge, "Output": listed},
        "Prepare shards": _each(
            functions["prepare_shard"], "Prepare shard", concurrency=concurrency, following="Join parts"
        ),
        "Join parts": call_function(
            functions["join_parts"],
            {"plan": "$plan", "order": "$order"},
            phase=PHASE,
            result="validation",
            following=following,
            seconds=960,
        ),
    }


def _each(arn: str, name: str, *, concurrency: int, following: str) -> State:
    """Call a function for each item of the list that the state's input names."""
    task: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": expression("$states.input")},
        "TimeoutSeconds": 960,
        "Retry": [retry(LAMBDA_TRANSIENT)],
        "Output": expression("$states.result.Payload"),
        "End": True,
    }
    return {
        "Type": "Map",
        "Label": name.replace(" ", ""),
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {
                "Bucket": expression("$states.input.items.bucket"),
                "Key": expression("$states.input.items.key"),
            },
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": name,
            "States": {name: task},
        },
        "MaxConcurrency": concurrency,
        "ToleratedFailurePercentage": 0,
        "Retry": [retry(("States.ItemReaderFailed",))],
        "Catch": catch_failure(PHASE),
        "Output": {"shards": expression("$count($states.result)")},
        "Next": following,
    }
