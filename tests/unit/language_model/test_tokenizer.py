import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_local.language_model.tokenizer import END, VOCABULARY_SIZE, base_tokenizer


@given(st.text())
def test_any_text_decodes_to_itself(text):
    tokenizer = base_tokenizer()
    encodable = text.encode("utf-8", errors="replace").decode()
    assert tokenizer.decode(tokenizer.encode(text)) == encodable


@pytest.mark.parametrize("text", ["", "naïve 你好 🙂", '{\n        "a": [1, 2]\n}', "\x00\x07 tab\there"])
def test_awkward_text_decodes_to_itself(text):
    tokenizer = base_tokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_pieces_are_distinct_and_fill_the_vocabulary():
    tokenizer = base_tokenizer()
    assert len(tokenizer) == VOCABULARY_SIZE
    assert len(set(tokenizer.pieces)) == VOCABULARY_SIZE
    assert [number for number, piece in enumerate(tokenizer.pieces) if not piece] == [END]


def test_common_words_are_one_piece_and_unknown_ones_fall_back():
    tokenizer = base_tokenizer()
    assert len(tokenizer.encode("The library is open")) == 4
    assert 1 < len(tokenizer.encode("zxqvzxqv")) <= 8
    assert tokenizer.encode("é") == list("é".encode())
