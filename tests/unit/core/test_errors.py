"""The tree of errors and what Step Functions reports of them."""

import inspect
import json

import pytest

from finetune_core import errors


def test_the_docstring_draws_every_class_and_no_other() -> None:
    drawn = {line.split("─ ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "─ " in line}
    found = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind)
        and issubclass(kind, errors.FinetuneError)
        and kind is not errors.FinetuneError
    }
    assert drawn == found


def test_what_can_be_retried_are_service_errors() -> None:
    assert all(issubclass(getattr(errors, name), errors.ServiceError) for name in errors.RETRYABLE)


def test_the_text_says_what_where_and_what_to_do() -> None:
    error = errors.RunRejected("key is bad", where="s3://b/k", remedy="Rename it.")
    assert str(error) == "key is bad Where: s3://b/k. What to do: Rename it."
    assert str(errors.Held("not better")) == "not better"


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (json.dumps({"errorType": "RunRejected", "errorMessage": "no", "stackTrace": []}), "no"),
        (json.dumps({"Status": "Failed", "FailureMessage": "bad data"}), "bad data"),
        ("plain words", "plain words"),
        ("", "RunRejected"),
        ('["odd"]', '["odd"]'),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_the_sentence_inside_a_cause(cause: str, sentence: str) -> None:
    assert errors.read_cause("RunRejected", cause) == sentence
