"""The automaton before the detectors lets through whatever a detector could find."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finetune_core.detectors import detecting, detectors, may_hold, personal_data_in, secrets_in

PATTERNS = [(each.__name__, pattern) for each in detectors() for pattern in each().denylist]
PERSONAL = {
    "Write to jo@firma.local today": "e-mail address",
    "grüße.öl@straße.local": "e-mail address",
    "Call +49 (30) 901820 or leave it": "phone number",
    "+44 20 7946 0018": "phone number",
    "+1-212-456-7890": "phone number",
    "card 4111 1111 1111 1111.": "card number",
    "378282246310005": "card number",
    "IBAN DE89 3704 0044 0532 0130 00": "bank account (IBAN)",
    "GB82WEST12345698765432": "bank account (IBAN)",
    "SSN 536-90-4399": "US social security number",
}


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_what_a_detector_could_match_comes_through(name, pattern) -> None:
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern), st.text(max_size=5))
    def every_match(secret: str, around: str) -> None:
        text = f"{around} {secret}"
        assert not pattern.search(text) or may_hold()(text.encode("utf-8", "surrogatepass"))

    every_match()


@pytest.mark.parametrize(("text", "what"), PERSONAL.items())
def test_personal_data_come_through(text, what) -> None:
    assert what in {found for _, found, _ in personal_data_in(text)}
    assert may_hold()(text.encode())


def test_plain_words_do_not() -> None:
    text = "Switch on the 3 lamps in room 12 at 10:30, for 45 minutes. Grüße! 你好, 2026-11-24."
    assert not may_hold()(text.encode())
    with detecting():
        assert not {*secrets_in(text), *personal_data_in(text)}
