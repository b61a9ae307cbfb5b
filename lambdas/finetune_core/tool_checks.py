"""The exact rules of tools in Converse records: what is declared, called and answered, by matching ids.

Shapes, and the letters of names and ids: `ToolUseBlock`, `ToolResultBlock`, `ToolSpecification` of the
service model (botocore 1.43.106, bedrock-runtime 2023-09-30). Results are texts or JSON and each id
is answered once: "Preparing data for SFT on Amazon Nova 2" (catalogue_sources.NOVA2_PREP, read 2026-11-28).
"""

import re
from typing import Final

from finetune_core.catalogue_sources import NOVA2_PREP
from finetune_core.exact_json import Object
from finetune_core.faults import cut
from finetune_core.findings import Findings, type_name

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}", re.ASCII)


def _inner(schema: object) -> object:
    return schema.get("json") if isinstance(schema, Object) else None


class Tools:
    """The tools of one record: `declare` them, then `check` each block in order, then look who is `left`."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._declared: set[str] = set()
        self._open: dict[str, str] = {}
        self._seen: set[str] = set()

    def declare(self, record: Object) -> None:
        """Check the record's toolConfig, if it has one, and remember the names."""
        if "toolConfig" not in record or not self._taken(record["toolConfig"], "$.toolConfig", "toolConfig"):
            return
        config = record["toolConfig"]
        tools = config.get("tools") if isinstance(config, Object) else None
        if not isinstance(tools, list) or not tools:
            said = "must be an array of at least one tool"
            self._found.add("wrong_type", "$.toolConfig.tools", tools, said)
            return
        self._found.keys(config, "$.toolConfig", ("tools",))
        for index, tool in enumerate(tools):
            self._declare(tool, f"$.toolConfig.tools[{index}]")

    def _taken(self, value: object, path: str, what: str) -> bool:
        """Whether the model takes tools; notes if it does not, or if one source says that it does not."""
        rules, name = self._found.spec.rules, self._found.spec.model_name
        if not rules.tools:
            self._found.add("tools_not_allowed", path, value, f"{name} takes no {what}")
        elif rules.tools_disputed is not None and what == "toolConfig":
            said = f"{rules.tools_disputed.name} says that tools may let the job fail; "
            said += f"{NOVA2_PREP.name} takes them"
            self._found.add("tools_not_allowed", path, value, said, severity="warning")
        return rules.tools

    def _declare(self, tool: object, path: str) -> None:
        found = self._found
        spec = tool.get("toolSpec") if isinstance(tool, Object) else None
        name = spec.get("name") if isinstance(spec, Object) else None
        if not isinstance(spec, Object) or not isinstance(name, str) or not name:
            found.add("missing_key", f"{path}.toolSpec", tool, "a tool needs toolSpec.name")
            return
        path = f"{path}.toolSpec"
        if name in self._declared:
            said = f"the tool {cut(name, 40)} is declared twice"
            found.add("wrong_value", f"{path}.name", name, said, severity="warning")
        self._declared.add(name)
        self._letters(name, _NAME, f"{path}.name", "letters, digits, _ and -")
        found.keys(spec, path, ("name", "inputSchema"), ("description",))
        if "description" in spec:
            found.string(spec["description"], f"{path}.description")
        schema = spec.get("inputSchema")
        if "inputSchema" in spec and not isinstance(_inner(schema), Object):
            said = 'must be {"json": …} with the JSON Schema of the arguments, an object'
            found.add("wrong_type", f"{path}.inputSchema", schema, said)

    def check(self, kind: str, value: Object, path: str, role: object) -> None:
        """Check a toolUse or toolResult block."""
        if not self._taken(kind, path, f"{kind} blocks"):
            return
        owner = "assistant" if kind == "toolUse" else "user"
        if role != owner:
            self._found.add("wrong_value", path, role, f"{kind} belongs in {owner} messages")
        if kind == "toolUse":
            self._found.keys(value, path, ("toolUseId", "name", "input"))
            self._use(value, path)
        else:
            self._found.keys(value, path, ("toolUseId", "content"), ("status",))
            self._result(value, path)

    def _use(self, value: Object, path: str) -> None:
        found, name = self._found, value.get("name")
        if "name" in value and (not isinstance(name, str) or name not in self._declared):
            found.add("tool_unknown", f"{path}.name", name, "the tool is not declared in toolConfig")
        if "input" in value and not isinstance(value["input"], Object):
            said = f"must be an object with the arguments, not {type_name(value['input'])}"
            found.add("wrong_type", f"{path}.input", value["input"], said)
        identity = self._identity(value, path)
        if identity is None:
            return
        if identity in self._seen:
            said = "this id was used before in the record"
            found.add("tool_unmatched", f"{path}.toolUseId", identity, said)
        self._seen.add(identity)
        self._open[identity] = path

    def _result(self, value: Object, path: str) -> None:
        identity = self._identity(value, path)
        if identity is not None and self._open.pop(identity, None) is None:
            said = "answers no toolUse before it"
            self._found.add("tool_unmatched", f"{path}.toolUseId", identity, said)
        status = value.get("status", "success")
        if status not in ("success", "error"):
            said = f"{cut(status, 20)} is not one of success, error"
            self._found.add("wrong_value", f"{path}.status", status, said)
        content = value.get("content")
        if "content" in value and not isinstance(content, list):
            said = f'must be an array such as [{{"text": "…"}}], not {type_name(content)}'
            self._found.add("wrong_type", f"{path}.content", content, said)
        for index, item in enumerate(content if isinstance(content, list) else ()):
            self._answer(item, f"{path}.content[{index}]")

    def _answer(self, item: object, path: str) -> None:
        """Check one part of a tool's answer: a text or JSON. An empty text is an answer too."""
        if not isinstance(item, Object) or len(item.keys() & {"text", "json"}) != 1:
            said = 'must be {"text": "…"} or {"json": …}'
            self._found.add("wrong_type", path, item, said)
            return
        self._found.keys(item, path, (), ("text", "json"))
        text = self._found.string(item["text"], f"{path}.text") if "text" in item else None
        if text is not None:
            self._found.reserved(text, f"{path}.text", "tool result")

    def _identity(self, value: Object, path: str) -> str | None:
        if "toolUseId" not in value:
            return None
        identity = self._found.string(value["toolUseId"], f"{path}.toolUseId")
        if identity is not None:
            self._letters(identity, _ID, f"{path}.toolUseId", "letters, digits, _ . : and -")
        return identity

    def _letters(self, text: str, pattern: re.Pattern[str], path: str, allowed: str) -> None:
        if not pattern.fullmatch(text):
            said = f"the service takes 1 to 64 characters of {allowed}"
            self._found.add("wrong_value", path, text, said, severity="warning")

    def left(self) -> None:
        """Warn of calls that no result answers."""
        for identity, path in self._open.items():
            said = "no toolResult answers it"
            self._found.add("tool_unmatched", f"{path}.toolUseId", identity, said, severity="warning")
