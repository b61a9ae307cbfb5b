"""One example of everything that passes between the states, all of the same run."""

from __future__ import annotations

import json
from typing import Any

from finetune_core.contracts import RunSettings, write

MODEL_ID = "amazon.nova-micro-v1:0:128k"
MODEL_ARN = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL_ID}"
CUSTOM_ARN = f"arn:aws:bedrock:us-east-1:111122223333:custom-model/{MODEL_ID}/abcdefabcdef"
JOB_ARN = f"arn:aws:bedrock:us-east-1:111122223333:model-customization-job/{MODEL_ID}/abcdefabcdef"
PT_ARN = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefabcdef"
OLD_PT_ARN = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/000000000000"
DEPLOYMENT_ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefabcdef"
EXECUTION = "arn:aws:states:us-east-1:111122223333:execution:machine:one"
RUN_ID = "banking-qa-0123456789ab"
POINTER = "/finetune/DEV/banking-qa/model-id"
TAGS = {
    "finetune:pipeline": "DEV",
    "finetune:run": RUN_ID,
    "finetune:dataset": "banking-qa",
}
DEFAULTS = json.dumps({"base_model": MODEL_ID, "serving": "provisioned_throughput"})


def settings(**changes: Any) -> dict[str, Any]:
    return write(RunSettings(base_model=MODEL_ID)) | changes


def plan(**changes: Any) -> dict[str, Any]:
    name = f"dev-{RUN_ID}"
    return {
        "action": "run",
        "reason": "1 pinned files",
        "run_id": RUN_ID,
        "dataset": "banking-qa",
        "collection": "datasets",
        "execution_arn": EXECUTION,
        "inputs": {"bucket": "artifacts-bucket", "key": f"runs/{RUN_ID}/inputs.json"},
        "settings": settings(),
        "names": {"job": name, "model": name, "endpoint": name},
        "token": "a" * 64,
        "prefix": f"runs/{RUN_ID}",
        "data_bucket": "data-bucket",
        "artifacts_bucket": "artifacts-bucket",
        "bytes": 1000,
    } | changes


def preflight(**changes: Any) -> dict[str, Any]:
    return {
        "base_model_id": MODEL_ID,
        "base_model_arn": MODEL_ARN,
        "base_model_name": "Nova Micro",
        "invoke_id": "us.amazon.nova-micro-v1:0",
        "customization_type": "FINE_TUNING",
        "record_format": "converse",
        "takes_validation": True,
        "serving": "provisioned_throughput",
        "serving_reason": "the settings ask for it",
        "hyperparameters": {"epochCount": "2"},
        "warnings": [],
    } | changes


def validation(records: int = 6, **changes: Any) -> dict[str, Any]:
    return {
        "format": "converse",
        "counts": {"train": 90, "validation": 10, "evaluation": records},
        "faults": {"duplicate_record": 2},
        "tokens": {"low": 9000, "expected": 10000, "high": 12000},
        "report_json": f"s3://artifacts-bucket/runs/{RUN_ID}/validation.json",
        "report_html": f"s3://artifacts-bucket/runs/{RUN_ID}/validation.html",
        "train_uri": f"s3://data-bucket/prepared/{RUN_ID}/train.jsonl",
        "validation_uri": f"s3://data-bucket/prepared/{RUN_ID}/validation.jsonl",
        "evaluation": {
            "bucket": "artifacts-bucket",
            "key": f"runs/{RUN_ID}/evaluation.jsonl",
            "records": records,
            "shards": [{"from": 0, "to": records}] if records else [],
        },
    } | changes


def price(**changes: Any) -> dict[str, Any]:
    return {
        "currency": "USD",
        "low": 5.0,
        "expected": 7.0,
        "high": 9.0,
        "items": [{"name": "Training", "low": 5.0, "expected": 7.0, "high": 9.0, "note": ""}],
        "ceiling": None,
        "source": "table of 2026-08-02",
        "hourly": 60.5,
    } | changes


def training(**changes: Any) -> dict[str, Any]:
    return {
        "job_arn": JOB_ARN,
        "model_arn": CUSTOM_ARN,
        "status": "Completed",
        "training_loss": {"first": 3.0, "last": 1.0},
        "validation_loss": {"first": 3.1, "last": 1.4},
        "steps": 20,
        "seconds": 60.0,
        "curve_uri": None,
    } | changes


def endpoint(**changes: Any) -> dict[str, Any]:
    return {"kind": "provisioned_throughput", "arn": PT_ARN, "status": "InService", "failure": ""} | changes


def evaluation(**changes: Any) -> dict[str, Any]:
    score = {"exact_match": 0.1, "token_f1": 0.2, "json_valid": None, "failed": 0, "records": 6}
    return {
        "verdict": "PROMOTE",
        "reasons": ["better"],
        "metric": "token_f1",
        "base": score,
        "candidate": score | {"token_f1": 0.6},
        "interval": [0.2, 0.6],
        "records": 6,
    } | changes


def prompts(count: int = 6) -> bytes:
    lines = [
        {
            "record": number,
            "request": {"messages": [{"role": "user", "content": [{"text": f"question {number}"}]}]},
            "reference": f"answer {number}",
            "max_tokens": 64,
        }
        for number in range(count)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def reply(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
        "metrics": {"latencyMs": 12},
    }


def tag_list(tags: dict[str, str]) -> dict[str, Any]:
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
