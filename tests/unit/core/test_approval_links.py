"""What a link to answer an approval says, and that there is one way to say it."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from finetune_core.approval_links import ApprovalLink, read_link, token_digest

LINK = ApprovalLink(
    run_id="banking-qa-0123456789ab", question="run", expires=1_800_000_000, digest=token_digest("token")
)
SIGNATURE = bytes(range(32))


def parameters(**changes: str) -> dict[str, str]:
    url = urlsplit(LINK.url("https://x.example/", SIGNATURE))
    assert (url.scheme, url.netloc, url.path) == ("https", "x.example", "/")
    return dict(parse_qsl(url.query, strict_parsing=True)) | changes


def test_a_link_is_read_as_it_was_written() -> None:
    assert read_link(parameters()) == (LINK, SIGNATURE)


def test_a_link_does_not_hold_the_task_token() -> None:
    assert "token=token" not in LINK.url("https://x.example/", SIGNATURE)
    assert token_digest("token") != token_digest("token ")


@pytest.mark.parametrize(
    "changes",
    [
        {"run": ""},
        {"run": "../x"},
        {"run": "a\nb"},
        {"run": "a" * 101},
        {"question": "both"},
        {"question": "run,commitment"},
        {"expires": "0"},
        {"expires": "01800000000"},
        {"expires": "1e9"},
        {"expires": "-1"},
        {"expires": "١٢"},
        {"token": token_digest("token").upper()},
        {"token": "abc"},
        {"mac": SIGNATURE.hex()[:-2]},
        {"mac": SIGNATURE.hex() + "\n"},
        {"more": "1"},
    ],
)
def test_anything_else_is_no_link(changes: dict[str, str]) -> None:
    assert read_link(parameters(**changes)) is None


@pytest.mark.parametrize("missing", ["run", "question", "expires", "token", "mac"])
def test_every_parameter_is_needed(missing: str) -> None:
    given = parameters()
    del given[missing]
    assert read_link(given) is None


def test_every_field_is_signed_and_none_runs_into_the_next() -> None:
    others = [
        ApprovalLink(run_id="other-0123456789ab", question="run", expires=LINK.expires, digest=LINK.digest),
        ApprovalLink(run_id=LINK.run_id, question="commitment", expires=LINK.expires, digest=LINK.digest),
        ApprovalLink(run_id=LINK.run_id, question="run", expires=LINK.expires + 1, digest=LINK.digest),
        ApprovalLink(run_id=LINK.run_id, question="run", expires=LINK.expires, digest=token_digest("other")),
    ]
    assert len({link.text() for link in [LINK, *others]}) == 5
    assert LINK.text().count(b"\n") == 4
