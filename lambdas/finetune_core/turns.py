"""The rules about roles and turns that the chat formats share."""

from typing import Final

from finetune_core.exact_json import Object
from finetune_core.faults import Severity, cut
from finetune_core.findings import Findings, type_name

ROLES: Final = ("user", "assistant")


def check_turns(record: Object, found: Findings) -> list[tuple[int, Object]]:
    """Check a record's messages and the order of roles; return the messages that are objects."""
    if "messages" not in record:
        return []
    messages = record["messages"]
    if not isinstance(messages, list):
        found.add("wrong_type", "$.messages", messages, f"must be an array, not {type_name(messages)}")
        return []
    found.messages = len(messages)
    turns: list[tuple[int, Object]] = []
    for index, turn in enumerate(messages):
        if isinstance(turn, Object):
            turns.append((index, turn))
            _check_role(turn, f"$.messages[{index}].role", found)
        else:
            found.add("wrong_type", f"$.messages[{index}]", turn, f"must be an object, not {type_name(turn)}")
    _check_order(messages, turns, found)
    return turns


def _check_role(turn: Object, path: str, found: Findings) -> None:
    role = turn.get("role")
    if "role" in turn and role not in ROLES:
        remedy = 'Move the text to the key "system" of the record.' if role == "system" else ""
        found.add(
            "unknown_role", path, role, f'"{cut(role, 40)}" is neither user nor assistant', remedy=remedy
        )


def _check_order(messages: list[object], turns: list[tuple[int, Object]], found: Findings) -> None:
    """Note a wrong first or last role and neighbours of one role; warnings where that is not documented."""
    severity: Severity = "error" if found.spec.rules.strict_turns else "warning"
    if len(messages) < _least(found):
        found.add(
            "too_few_messages",
            "$.messages",
            len(messages),
            f"{len(messages)} messages, at least {_least(found)} are needed",
        )
    if not turns:
        return
    roles = [turn.get("role") for _, turn in turns]
    first, last = turns[0][0], turns[-1][0]
    if roles[0] != "user" and roles[0] in ROLES:
        found.add(
            "first_role",
            f"$.messages[{first}].role",
            roles[0],
            "the first message is not the user's",
            severity=severity,
        )
    if roles[-1] != "assistant" and roles[-1] in ROLES and _least(found) > 1:
        found.add(
            "last_role",
            f"$.messages[{last}].role",
            roles[-1],
            "the last message is not the assistant's",
            severity=severity,
        )
    for before, (index, turn) in zip(roles, turns[1:], strict=False):
        if turn.get("role") == before and before in ROLES:
            found.add(
                "role_order",
                f"$.messages[{index}].role",
                before,
                f"two messages of {before} in a row",
                severity=severity,
            )


def _least(found: Findings) -> int:
    """Two messages make an example; a prompt alone is enough where the service writes the answer."""
    return 1 if found.spec.rules.prompts else 2
