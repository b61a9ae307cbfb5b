"""Likely secrets and personal data in a text, found by libraries' detectors (`finetune validate --secrets`).

Secrets: detect-secrets, its detectors of known kinds of keys and tokens; those by entropy and by keyword are
left out because natural language sets them off. Personal data: phone numbers in international form by
phonenumbers; card numbers, IBANs and US social security numbers by the checksums and rules of python-stdnum;
and e-mail addresses. Names and addresses of people are not looked for: that takes a language model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import phonenumbers
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings
from stdnum import iban, luhn
from stdnum.us import ssn

LEFT_OUT = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"}
RESERVED_DOMAINS = ("example.com", "example.org", "example.net", ".example", ".test", ".invalid")
"""Domains that stand for no one (RFC 2606)."""

_EMAIL = re.compile(r"[\w.+-]{1,64}@([\w-]+(?:\.[\w-]+)+)")
_CARD = re.compile(r"(?<![\d.-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\d.-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")

Found = tuple[str, str, str]
"""Code, what it is, and the thing itself, most of it hidden."""


def detecting() -> AbstractContextManager[Any]:
    """The settings in which `secrets_in` must be called: the detectors of known kinds of secrets."""
    known: dict[str, type] = get_mapping_from_secret_type_to_class()
    names = sorted({detector.__name__ for detector in known.values()} - LEFT_OUT)
    return transient_settings({"plugins_used": [{"name": name} for name in names]})


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
