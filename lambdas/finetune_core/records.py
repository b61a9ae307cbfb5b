"""Record formats: what a JSON object is, told by its keys, whether Bedrock takes it or not."""

from typing import Any, Final

NAMES: Final[dict[str, str]] = {
    "converse": "Converse (bedrock-conversation-2024)",
    "messages": "system and messages with plain text content",
    "prompt-completion": "prompt and completion",
    "input": "continued pre-training with the key input",
    "text": "continued pre-training with the key text",
    "image-caption": "image-ref and caption",
    "reinforcement": "reinforcement fine-tuning (OpenAI chat with reference_answer)",
    "openai-chat": "OpenAI chat",
    "sharegpt": "ShareGPT",
    "alpaca": "Alpaca (instruction, input, output)",
    "preference": "preference pairs",
    "prompt-response": "prompt and response",
    "input-output": "input and output pairs",
    "invocation-log": "Bedrock model invocation log",
}
"""Every format we can name, by its key. The first seven are Bedrock's own."""

BEDROCK_FORMATS: Final = tuple(NAMES)[:7]
PROMPT_FORMATS: Final = ("messages", "openai-chat")
"""What a prompt of reinforcement fine-tuning looks like when it has no reference_answer."""
SCHEMA_VERSION: Final = "bedrock-conversation-2024"

_BY_KEYS: Final[tuple[tuple[frozenset[str], str], ...]] = tuple(
    (frozenset(keys.split()), name)
    for keys, name in (
        ("chosen rejected", "preference"),
        ("image-ref caption", "image-caption"),
        ("image-ref", "image-caption"),
        ("prompt completion", "prompt-completion"),
        ("prompt response", "prompt-response"),
        ("conversations", "sharegpt"),
        ("instruction output", "alpaca"),
        ("modelId input output", "invocation-log"),
        ("input output", "input-output"),
    )
)


def recognise(record: dict[str, Any]) -> str | None:
    """Return the key in `NAMES` of the record's format, None if it fits none."""
    if "messages" in record:
        return _recognise_chat(record)
    for keys, name in _BY_KEYS:
        if keys <= record.keys():
            return name
    if "prompt" in record or "completion" in record:
        return "prompt-completion"
    for key in ("input", "text"):
        if key in record and isinstance(record[key], str):
            return key
    return "converse" if "schemaVersion" in record else None


def _recognise_chat(record: dict[str, Any]) -> str:
    messages = record["messages"]
    turns = [turn for turn in messages if isinstance(turn, dict)] if isinstance(messages, list) else []
    if any("candidates" in turn for turn in turns):
        return "preference"
    if "schemaVersion" in record or isinstance(record.get("system"), list):
        return "converse"
    if "reference_answer" in record:
        return "reinforcement"
    if any(_is_openai_turn(turn) for turn in turns) or "tools" in record:
        return "openai-chat"
    if any(isinstance(turn.get("content"), list) for turn in turns):
        return "converse"
    return "messages"


def _is_openai_turn(turn: dict[str, Any]) -> bool:
    if turn.get("role") in ("system", "developer", "tool", "function"):
        return True
    if "tool_calls" in turn or "function_call" in turn:
        return True
    content = turn.get("content")
    return isinstance(content, list) and any(isinstance(block, dict) and "type" in block for block in content)


def describe(format_name: str | None) -> str:
    """Return words for a format's key."""
    return NAMES.get(format_name or "", "no format that we know")
