"""The exact rules of Converse records: text, media, reasoning and tools."""

import re
from typing import Any, Final

from finetune_core.catalogue_sources import DIST_CHECKER
from finetune_core.exact_json import Object
from finetune_core.faults import Severity, cut
from finetune_core.findings import Findings, type_name
from finetune_core.model_rules import MediaRules, Source
from finetune_core.records import SCHEMA_VERSION
from finetune_core.s3_addresses import REFUSED, is_s3_address
from finetune_core.tool_checks import Tools
from finetune_core.turns import check_turns

BLOCKS: Final = ("text", "image", "video", "document", "reasoningContent", "toolUse", "toolResult")
MEDIA: Final = ("image", "video", "document")
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)


def check_converse(record: Object, found: Findings) -> None:
    """Check `{"schemaVersion"?, "system"?: [{text}], "messages": [{role, content: [block]}]}` and tools."""
    found.keys(record, "$", ("messages",), ("schemaVersion", "system", "toolConfig"))
    _check_version(record, found)
    if "system" in record:
        _check_system(record["system"], found)
    conversation = _Conversation(record, found)
    for index, turn in check_turns(record, found):
        path = f"$.messages[{index}]"
        found.keys(turn, path, ("role", "content"))
        if "content" in turn:
            conversation.check_content(turn["content"], f"{path}.content", turn.get("role"))
    conversation.check_totals()
    if found.spec.rules.single_turn is not None:
        _check_single(record, found, found.spec.rules.single_turn)


def _check_single(record: Object, found: Findings, source: Source) -> None:
    """Note several turns, texts in a turn or system items where a source takes one: its warning or error."""
    messages, system = record.get("messages"), record.get("system")
    if isinstance(messages, list) and len(messages) > 2:
        said = f"{len(messages)} messages; {source.name} takes one turn: a prompt and at most its answer"
        severity: Severity = "error" if source == found.spec.rules.source else "warning"
        found.add("too_many_messages", "$.messages", len(messages), said, severity=severity)
    if isinstance(system, list) and len(system) != 1:
        said = f"{len(system)} system items; {DIST_CHECKER.name} takes exactly one"
        found.add("system_items", "$.system", len(system), said, severity="warning")
    for index, turn in enumerate(messages if isinstance(messages, list) else ()):
        content = turn.get("content") if isinstance(turn, Object) else None
        if isinstance(content, list) and len(content) > 1:
            said = f"{len(content)} blocks; {DIST_CHECKER.name} takes one text in a message"
            found.add("too_many_messages", f"$.messages[{index}].content", len(content), said)


def _check_version(record: Object, found: Findings) -> None:
    strictness = found.spec.rules.schema_version
    if "schemaVersion" not in record:
        if strictness == "required":
            found.add("missing_key", "$", ", ".join(record), 'the key "schemaVersion" is missing')
        return
    version = found.string(record["schemaVersion"], "$.schemaVersion")
    if version is not None and version != SCHEMA_VERSION:
        severity: Severity = "warning" if strictness == "free" else "error"
        said = f'should be "{SCHEMA_VERSION}"' if strictness == "free" else f'must be "{SCHEMA_VERSION}"'
        found.add("wrong_value", "$.schemaVersion", version, said, severity=severity)


def _check_system(system: object, found: Findings) -> None:
    if not isinstance(system, list):
        found.add(
            "wrong_type",
            "$.system",
            system,
            f'must be an array such as [{{"text": "…"}}], not {type_name(system)}',
        )
        return
    wanted = found.spec.rules.system_items
    if not system:
        found.add("empty_list", "$.system", system, "there is no system text in it", severity="warning")
    source = found.spec.rules.system_items_source
    if wanted is not None and source is not None and len(system) != wanted:
        said = f"{len(system)} items: {source.name} takes exactly {wanted}, "
        said += f"{found.spec.rules.source.name} gives no number"
        found.add("system_items", "$.system", len(system), said, severity="warning")
    for index, item in enumerate(system):
        path = f"$.system[{index}]"
        if not isinstance(item, Object):
            found.add("wrong_type", path, item, f"must be an object, not {type_name(item)}")
            continue
        found.keys(item, path, ("text",))
        if "text" in item:
            found.text(item["text"], f"{path}.text", "system")


class _Conversation:
    """Counts media and matches tools over the messages of one record."""

    def __init__(self, record: Object, found: Findings) -> None:
        self.found = found
        self.media = dict.fromkeys(MEDIA, 0)
        self.tools = Tools(found)
        self.tools.declare(record)

    def check_content(self, content: object, path: str, role: object) -> None:
        if not isinstance(content, list):
            hint = f'must be an array of blocks such as [{{"text": "…"}}], not {type_name(content)}'
            self.found.add("wrong_type", path, content, hint)
            return
        if not content:
            self.found.add("empty_list", path, content, "the message has no content")
        for index, block in enumerate(content):
            where = f"{path}[{index}]"
            if not isinstance(block, Object):
                self.found.add("wrong_type", where, block, f"must be an object, not {type_name(block)}")
                continue
            kinds = [key for key in block if key in BLOCKS]
            if len(kinds) != 1:
                had = ", ".join(block) or "none"
                said = f"a block holds exactly one of {', '.join(BLOCKS)}; this one has {had}"
                self.found.add("missing_key" if not kinds else "wrong_value", where, ", ".join(block), said)
            self.found.keys(block, where, (), BLOCKS)
            for kind in kinds:
                self._check_block(kind, block[kind], f"{where}.{kind}", role)

    def _check_block(self, kind: str, value: Any, path: str, role: object) -> None:  # noqa: ANN401 - any JSON
        if kind == "text":
            self.found.text(value, path, str(role))
        elif not isinstance(value, Object):
            self.found.add("wrong_type", path, value, f"must be an object, not {type_name(value)}")
        elif kind in MEDIA:
            self._check_media(kind, value, path, role)
        elif kind == "reasoningContent":
            self._check_reasoning(value, path, role)
        else:
            self.tools.check(kind, value, path, role)

    def _check_media(self, kind: str, value: Object, path: str, role: object) -> None:
        media = self.found.spec.rules.media
        self.media[kind] += 1
        formats = getattr(media, f"{kind}_formats") if media else ()
        if not formats:
            self.found.add(
                "media_not_allowed",
                path,
                kind,
                f"{self.found.spec.model_name} takes no {kind} in its training data",
            )
            return
        if role == "assistant":
            self.found.add("media_in_assistant", path, kind, f"{kind} in an assistant message")
        allowed = ("format", "source", "name") if kind == "document" else ("format", "source")
        self.found.keys(value, path, ("format", "source"), allowed)
        if media and "format" in value:
            self._check_format(value["format"], formats, media, f"{path}.format")
        if "source" in value:
            self._check_source(value["source"], f"{path}.source")

    def _check_format(self, named: object, formats: tuple[str, ...], media: MediaRules, path: str) -> None:
        """Note a format that is not taken; a warning where one of two sources takes it."""
        if named not in formats:
            said = f"{cut(named, 20)} is not one of {', '.join(formats)} ({media.source.name})"
            self.found.add("media_format", path, named, said)
        elif media.strict_source is not None and named not in media.strict_formats:
            others = ", ".join(media.strict_formats)
            said = f"{media.strict_source.name} takes {others}; {media.source.name} takes {named} too"
            self.found.add("media_format", path, named, said, severity="warning")

    def _check_source(self, source: object, path: str) -> None:
        location = source.get("s3Location") if isinstance(source, Object) else None
        if not isinstance(location, Object):
            self.found.add(
                "missing_key", path, source, 'the media must lie in S3: {"s3Location": {"uri": "s3://…"}}'
            )
            return
        self.found.keys(location, f"{path}.s3Location", ("uri",), ("bucketOwner",))
        uri, owner = location.get("uri"), location.get("bucketOwner")
        if "uri" in location and not (isinstance(uri, str) and is_s3_address(uri)):
            self.found.add("media_uri", f"{path}.s3Location.uri", uri, REFUSED)
        if "bucketOwner" in location and not (isinstance(owner, str) and _ACCOUNT.fullmatch(owner)):
            self.found.add(
                "wrong_value", f"{path}.s3Location.bucketOwner", owner, "must be a string of 12 digits"
            )

    def _check_reasoning(self, value: Object, path: str, role: object) -> None:
        if not self.found.spec.rules.reasoning:
            self.found.add(
                "reasoning_not_allowed", path, value, f"{self.found.spec.model_name} takes no reasoning"
            )
        elif role != "assistant":
            self.found.add("reasoning_not_allowed", path, value, "only assistant messages may hold reasoning")
        self.found.keys(value, path, (), ("reasoningText",))
        inner = value.get("reasoningText")
        if not isinstance(inner, Object) or "text" not in inner:
            self.found.add("missing_key", path, value, "needs reasoningText.text")
            return
        self.found.keys(inner, f"{path}.reasoningText", ("text",), ("signature",))
        self.found.text(inner["text"], f"{path}.reasoningText.text", "reasoning")

    def check_totals(self) -> None:
        self.found.media = {kind: count for kind, count in self.media.items() if count}
        self.tools.left()
        media = self.found.spec.rules.media
        if media is None:
            return
        for kind, most in (("image", media.images), ("video", media.videos), ("document", media.documents)):
            if self.media[kind] > most > 0:
                said = f"{self.media[kind]} {kind}s, at most {most} per record ({media.source.name})"
                self.found.add("media_count", "$.messages", self.media[kind], said)
        kinds = [kind for kind in MEDIA if self.media[kind]]
        if len(kinds) > 1 and not media.mixed:
            self.found.add(
                "media_mixed", "$.messages", ", ".join(kinds), f"{' and '.join(kinds)} in one record"
            )
