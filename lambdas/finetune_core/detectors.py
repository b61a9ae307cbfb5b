"""Likely secrets and personal data in a text, found by libraries' detectors.

Secrets: detect-secrets, its detectors of known kinds of keys and tokens; those by entropy and by keyword are
left out because natural language sets them off. Personal data: phone numbers in international form by
phonenumbers; card numbers, IBANs and US social security numbers by the checksums and rules of python-stdnum;
and e-mail addresses. Names and addresses of people are not looked for: that takes a language model.

The detectors read about 1 MB a second, so texts go through one automaton first (`may_hold`): the detectors'
own patterns, loosened until it knows them (no look-around, no long counts), in one alternation. It lets
through all that a detector could find, and little else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Final

import phonenumbers
import re2  # type: ignore[import-untyped]
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings
from stdnum import iban, luhn
from stdnum.us import ssn

LEFT_OUT: Final = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"}
RESERVED_DOMAINS: Final = ("example.com", "example.org", "example.net", ".example", ".test", ".invalid")
"""Domains that stand for no one (RFC 2606)."""

_EMAIL = re.compile(r"[\w.+-]{1,64}@([\w-]+(?:\.[\w-]+)+)")
_CARD = re.compile(r"(?<![\d.-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\d-]|\.\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")

Found = tuple[str, str, str]
"""Code, what it is, and the thing itself, most of it hidden."""


_PERSONAL: Final = (
    r"\w@\w",
    "[+\uff0b]" + r"(?:[^\pL\n]{0,6}?\d){5}",
    r"[3-6]\d{3}(?:[ -]?\d){9}",
    r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3}",
    r"\d{3}-\d{2}-\d{4}",
)
_LOOK_AROUND: Final = re.compile(r"\(\?<?[=!][^()]*\)")
_ENDS: Final = re.compile(r"""\(\?:\\s(?:\|[=:"^$])+\)""")
_COUNT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_LONGEST_COUNT: Final = 12
_ESCAPE: Final = re.compile(r"\\.")
_ATOM: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]")
_CLASSES: Final = {r"\w": r"\pL\pN_", r"\d": r"\pN", r"\s": r"\t-\r\x1c-\x1f \x85\pZ"}


def detectors() -> list[type[Any]]:
    """The detectors of known kinds of secrets."""
    known: dict[str, type[Any]] = get_mapping_from_secret_type_to_class()
    return sorted(
        (detector for detector in set(known.values()) if detector.__name__ not in LEFT_OUT),
        key=lambda detector: detector.__name__,
    )


def detecting() -> AbstractContextManager[Any]:
    """The settings in which `secrets_in` must be called."""
    return transient_settings({"plugins_used": [{"name": each.__name__} for each in detectors()]})


@cache
def may_hold() -> Callable[[bytes], object]:
    """A function that returns None for a text (UTF-8) in which no detector can find anything."""
    patterns = [_loosened(one) for detector in detectors() for one in detector().denylist]
    patterns += [_unicode(one) for one in _PERSONAL]
    options: Any = re2.Options()
    options.never_capture = True
    options.max_mem = 32 * 1_048_576
    return re2.compile("|".join(f"(?:{one})" for one in patterns).encode(), options).search  # type: ignore[no-any-return]


def _loosened(pattern: re.Pattern[str]) -> str:
    """A pattern for RE2 that matches wherever this one does."""
    loose = _ENDS.sub("", _LOOK_AROUND.sub("", pattern.pattern))
    loose = _COUNT.sub(lambda found: f"{{{min(int(found[1]), _LONGEST_COUNT)},}}", loose)
    return f"(?i:{_unicode(loose)})" if pattern.flags & re.IGNORECASE else _unicode(loose)


def _unicode(pattern: str) -> str:
    """The pattern with the digits, letters and spaces of all scripts, as Python's `re` has them."""
    return _ATOM.sub(_widened, pattern)


def _widened(found: re.Match[str]) -> str:
    atom = found[0]
    if atom.startswith("["):
        return _ESCAPE.sub(lambda escape: _CLASSES.get(escape[0], escape[0]), atom)
    return f"[{_CLASSES[atom]}]" if atom in _CLASSES else atom.replace(r"\b", "")


def secrets_in(text: str) -> Iterator[Found]:
    """Yield each likely secret of a text."""
    for line in text.splitlines():
        for secret in scan_line(line):
            yield "likely_secret", secret.type, hidden(secret.secret_value or "")


def personal_data_in(text: str) -> Iterator[Found]:
    """Yield each likely piece of personal data of a text."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if not match[1].lower().endswith(RESERVED_DOMAINS):
                yield "personal_data", "e-mail address", hidden(match[0])
    if "+" in text:
        for phone in phonenumbers.PhoneNumberMatcher(text, None):
            yield "personal_data", "phone number", hidden(phone.raw_string)
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
            yield "personal_data", "card number", hidden(match[0])
    for match in _IBAN.finditer(text):
        if iban.is_valid(match[0]):
            yield "personal_data", "bank account (IBAN)", hidden(match[0])
    for match in _SSN.finditer(text):
        if ssn.is_valid(match[0]):
            yield "personal_data", "US social security number", hidden(match[0])


def hidden(value: str) -> str:
    """The first characters of a value: enough to find it, too few to use it."""
    return value[:3] + "…"
