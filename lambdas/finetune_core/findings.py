"""Collects the faults of one line while its record is walked."""

import re
from typing import Final

from finetune_core.exact_json import Object, has_lone_surrogate
from finetune_core.faults import RULES, Answer, Fault, Severity, cut
from finetune_core.model_rules import KindRules
from finetune_core.partials import EXAMPLES
from finetune_core.reserved import Hit, find_reserved
from finetune_core.slice_names import KEYS as SLICE_KEYS


class Spec:
    """What the records of one file are checked against.

    `examples` of each fault are kept; `secrets` says what becomes of likely secrets and personal data.
    """

    def __init__(
        self,
        rules: KindRules,
        format_name: str,
        role: str,
        model_name: str,
        *,
        examples: int = EXAMPLES,
        secrets: Answer = "off",
    ) -> None:
        self.rules = rules
        self.format = format_name
        self.role = role
        self.model_name = model_name
        self.examples = examples
        self.secrets: Answer = secrets


class Findings:
    """The faults of one line, its number of messages, and of media by kind."""

    def __init__(self, spec: Spec, line: int, byte_offset: int) -> None:
        self.spec = spec
        self.line = line
        self.byte_offset = byte_offset
        self.faults: list[Fault] = []
        self.messages = 0
        self.media: dict[str, int] = {}

    def add(
        self,
        code: str,
        path: str,
        value: object,
        message: str,
        *,
        severity: Severity | None = None,
        at: int = 0,
        remedy: str = "",
    ) -> None:
        """Note a fault; `at` is the byte within the line."""
        rule = RULES[code]
        self.faults.append(
            Fault(
                code=code,
                severity=severity or rule.severity,
                role=self.spec.role,
                line=self.line,
                byte_offset=self.byte_offset + at,
                path=path,
                value=cut(value),
                message=message,
                remedy=remedy or rule.remedy,
            )
        )

    def string(self, value: object, path: str) -> str | None:
        """Return `value` if it is a string; note the fault and return None otherwise."""
        if isinstance(value, str):
            return value
        self.add("wrong_type", path, value, f"must be a string, not {type_name(value)}")
        return None

    def text(self, value: object, path: str, part: str) -> None:
        """Check one text of the record; `part` says whose it is (user, assistant, system, prompt, …)."""
        text = self.string(value, path)
        if text is None:
            return
        if is_blank(text):
            self.add(
                "blank_text",
                path,
                text,
                f"the {part} text is empty" if not text else f"the {part} text is blank",
            )
            return
        if is_invisible(text):
            said = f"the {part} text has no visible character"
            self.add("blank_text", path, ascii(text), said, severity="warning")
        if "\0" in text:
            said = f"the {part} text holds the character NUL, written \\u0000"
            self.add("nul_byte", path, text, said, severity="warning")
        self.reserved(text, path, part)

    def reserved(self, text: str, path: str, part: str) -> None:
        """Note the reserved strings of one text."""
        for hit in find_reserved(self.spec.rules.reserved, text, part):
            self._reserved(hit, text[max(hit.at - 20, 0) : hit.at + 40], path, part)

    def _reserved(self, hit: Hit, around: str, path: str, part: str) -> None:
        shown = cut(hit.string)
        said = f"{hit.source.name} refuses it"
        if hit.other is not None:
            said += f"; {hit.other.name} does not list it for {part} text"
        self.add(
            "reserved_string",
            path,
            around,
            f'the {part} text holds "{shown}", a reserved string: {said}',
            severity="error" if hit.error else "warning",
        )

    def keys(
        self, value: Object, path: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> None:
        """Check an object's keys: required, optional, unknown and repeated."""
        for key in required:
            if key not in value:
                self.add("missing_key", path, ", ".join(value), f'the key "{key}" is missing')
        severity: Severity = self.spec.rules.unknown_keys
        for key in value:
            if key in SLICE_KEYS and path == "$" and self.spec.role == "evaluation":
                continue
            if key not in required and key not in optional:
                where = f"{path}.{key}" if key.isidentifier() else f"{path}[{cut(key, 40)!r}]"
                known = ", ".join((*required, *optional))
                self.add(
                    "unknown_key",
                    where,
                    value[key],
                    f'"{cut(key, 40)}" is not one of {known}',
                    severity=severity,
                )

    def structure(self, value: object, path: str) -> None:
        """Note repeated keys and halves of characters anywhere in the record."""
        if isinstance(value, str):
            if has_lone_surrogate(value):
                self.add(
                    "lone_surrogate",
                    path,
                    value.encode("ascii", "backslashreplace").decode(),
                    "half of a surrogate pair",
                )
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.structure(item, f"{path}[{index}]")
        elif isinstance(value, Object):
            for key in value.repeated:
                self.add(
                    "duplicate_key",
                    f"{path}.{cut(key, 40)}",
                    value[key],
                    f'the key "{cut(key, 40)}" is given twice',
                )
            for key, item in value.items():
                if has_lone_surrogate(key):
                    self.add(
                        "lone_surrogate",
                        path,
                        key.encode("ascii", "backslashreplace").decode(),
                        "half of a surrogate pair in a key",
                    )
                self.structure(item, f"{path}.{cut(key, 40)}")


def is_blank(text: str) -> bool:
    """Whether a text is empty or white space."""
    return not text or text.isspace()


def is_invisible(text: str) -> bool:
    """Whether a text holds nothing that is seen: white space, control characters, zero-width characters."""
    return _INVISIBLE.fullmatch(text) is not None


_INVISIBLE: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)
"""White space, controls, the blank of Braille, and what Unicode 14.0 calls Default_Ignorable_Code_Point
(DerivedCoreProperties.txt, as HarfBuzz lists it in src/hb-unicode.hh, read 2026-11-28)."""


def type_name(value: object) -> str:
    """Return JSON's word for a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "a string", int: "a number", float: "a number", list: "an array"}
    return next((word for kind, word in names.items() if isinstance(value, kind)), "an object")
