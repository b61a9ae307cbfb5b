"""The teacher's part in a distillation job: it answers the prompts that came without an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from finetune_local.bedrock.records import examples
from finetune_local.language_model import Example

ANSWER_TOKENS: Final = 256
"""Longest answer where the job names none; the service's own default is not published."""


def answers(
    runtime: Any,  # noqa: ANN401 - boto3's client
    request: dict[str, Any],
    prompts: Iterable[dict[str, Any]],
    breathe: Callable[[], None],
) -> list[Example]:
    """Return the prompts with the teacher's answers; `breathe` is called between them and may raise."""
    teacher = request["customizationConfig"]["distillationConfig"]["teacherModelConfig"]
    most = int(teacher.get("maxResponseLengthForInference") or ANSWER_TOKENS)
    found: list[Example] = []
    for record in prompts:
        breathe()
        asked = {name: record[name] for name in ("system", "messages") if record.get(name)}
        told = runtime.converse(
            modelId=teacher["teacherModelIdentifier"],
            inferenceConfig={"maxTokens": most, "temperature": 0.0},
            **asked,
        )
        answer = {"role": "assistant", "content": told["output"]["message"]["content"]}
        found += examples({**record, "messages": [*record["messages"], answer]}, "converse")[-1:]
    return found
