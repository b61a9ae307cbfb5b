"""Ranged reads of a pinned version notice an answer of another length."""

import io

import pytest

from finetune_aws import objects
from finetune_core.errors import ServiceUnavailable


class _Whole:
    """An S3 that ignores ranges."""

    def get_object(self, **_):
        return {"Body": io.BytesIO(b"0123456789")}


def test_an_answer_of_another_length_is_refused(monkeypatch):
    monkeypatch.setattr(objects, "CHUNK", 4)
    monkeypatch.setattr(objects, "_s3", _Whole)
    with pytest.raises(ServiceUnavailable, match="10 bytes where 4 were asked for"):
        list(objects.read_chunks("bucket", "key", "version", 10))
