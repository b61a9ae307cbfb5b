"""Notes likely secrets and personal data in records, block by block as a file is scanned."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from finetune_core.detectors import detecting, may_hold, personal_data_in, secrets_in
from finetune_core.faults import Severity
from finetune_core.findings import Findings, Spec
from finetune_core.partials import Partial

_BOM: Final = b"\xef\xbb\xbf"
_decode: Final = msgspec.json.Decoder().decode


class SecretCheck:
    """The check for one file; the spec says whether its findings are warnings or errors."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._may_hold = may_hold()

    def look(self, lines: Iterable[bytes], number: int, at: int, partial: Partial) -> None:
        """Add the faults of whole lines, of which the first is line `number`, at byte `at` of its file."""
        records = [(line, [text for _, text in _texts(_record(line), "$")]) for line in lines]
        if not self._suspicious(text for _, texts in records for text in texts):
            return
        with detecting():
            for line, texts in records:
                if self._suspicious(texts):
                    self._note(line, Findings(self._spec, number, at), partial)
                number += 1
                at += len(line)

    def _suspicious(self, texts: Iterable[str]) -> bool:
        return self._may_hold("\n".join(texts).encode("utf-8", "surrogatepass")) is not None

    def _note(self, line: bytes, found: Findings, partial: Partial) -> None:
        severity: Severity = "error" if self._spec.secrets == "block" else "warning"
        for place, text in _texts(_record(line), "$"):
            for code, what, shown in {*secrets_in(text), *personal_data_in(text)}:
                said = f"this looks like a secret: {what}" if code == "likely_secret" else f"likely {what}"
                found.add(code, place, shown, said, severity=severity)
        for fault in sorted(found.faults, key=lambda fault: (fault.path, fault.message, fault.value)):
            partial.add(fault)


def _record(line: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return a line's value; None for what is not JSON, which has its own fault."""
    try:
        return _decode(line.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}")
