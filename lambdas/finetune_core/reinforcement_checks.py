"""The exact rules of reinforcement fine-tuning: prompts in OpenAI's chat style, and what the grader gets.

Every key beside `messages` goes to the grader inside `metadata` as it is, so none is unknown. Source:
"Bedrock RFT data for Nova" (catalogue_sources.RFT, read 2026-11-23). AWS's Nova validator asks for a list
`tools` of at least one item; the documentation and its samples have none, so it is not asked for here.
"""

from typing import Any, Final

from finetune_core.exact_json import Object
from finetune_core.faults import cut
from finetune_core.findings import Findings, type_name

_ROLES: Final = ("system", "user", "assistant")


def check_reinforcement(record: Object, found: Findings) -> None:
    """Check `{"messages": [{"role", "content": text}, …], "reference_answer"?, "id"?, …}`."""
    if "messages" not in record:
        found.add("missing_key", "$", ", ".join(record), 'the key "messages" is missing')
        return
    messages = record["messages"]
    if not isinstance(messages, list) or not messages:
        found.add("wrong_type", "$.messages", messages, "must be an array of at least one message")
        return
    found.messages = len(messages)
    for index, turn in enumerate(messages):
        _check_turn(turn, f"$.messages[{index}]", found)
    _check_order([turn.get("role") if isinstance(turn, Object) else None for turn in messages], found)
    _check_grading(record, found)


def _check_turn(turn: Any, path: str, found: Findings) -> None:  # noqa: ANN401 - any JSON
    if not isinstance(turn, Object):
        found.add("wrong_type", path, turn, f"must be an object, not {type_name(turn)}")
        return
    found.keys(turn, path, ("role", "content"))
    role = turn.get("role")
    if "role" in turn and role not in _ROLES:
        said = f"{cut(role, 40)} is not system, user or assistant"
        found.add("unknown_role", f"{path}.role", role, said, remedy="Roles are system, user and assistant.")
    if "content" in turn:
        found.text(turn["content"], f"{path}.content", str(role))


def _check_order(roles: list[Any], found: Findings) -> None:
    """A prompt needs the user's words, and the model, not the record, gives the last answer."""
    if "user" not in roles and all(role in _ROLES for role in roles):
        found.add("too_few_messages", "$.messages", len(roles), "there is no message of the user")
    elif roles[-1] == "assistant":
        said = "the last message is the assistant's: the model writes the answer that is graded"
        place = f"$.messages[{len(roles) - 1}].role"
        remedy = "End with the user's message; the right answer belongs in reference_answer."
        found.add("last_role", place, "assistant", said, severity="warning", remedy=remedy)
    for index, role in enumerate(roles[1:], 1):
        if role == "system":
            said = "a system message comes first"
            found.add("role_order", f"$.messages[{index}].role", role, said, severity="warning")


def _check_grading(record: Object, found: Findings) -> None:
    if "reference_answer" not in record:
        said = 'there is no "reference_answer": the grader must do without'
        found.add("missing_key", "$", ", ".join(record), said, severity="warning")
    elif record["reference_answer"] in (None, "", [], {}):
        said = "the reference answer is empty: the grader must do without"
        value = record["reference_answer"]
        found.add("blank_text", "$.reference_answer", value, said, severity="warning")
    if "id" in record and not isinstance(record["id"], str):
        said = f"should be a string, not {type_name(record['id'])}"
        found.add("wrong_type", "$.id", record["id"], said, severity="warning")
    if "tools" in record and not isinstance(record["tools"], list):
        said = f"should be an array, not {type_name(record['tools'])}"
        found.add("wrong_type", "$.tools", record["tools"], said, severity="warning")
