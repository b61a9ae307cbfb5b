"""Retrieval accuracy of embedding models, and the verdict on it."""

import msgspec
import pytest

from finetune_core import evaluation, retrieval
from finetune_core.contracts import RunSettings
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Answer, Round
from finetune_core.gate import Gate
from finetune_core.questions import Pair, Vectors, packed, read_questions, to_questions, unpacked

SETTINGS = RunSettings(base_model="amazon.titan-embed-image-v1:0")


def pairs(count: int) -> list[Pair]:
    return [Pair(record=n, image=f"s3://b/{n}.png", caption=f"caption {n}") for n in range(count)]


def answer(record: int, image: list[float], caption: list[float]) -> Answer:
    text = msgspec.json.encode(Vectors(image=packed(image), caption=packed(caption))).decode()
    return Answer(record=record, answer=text, latency_ms=10)


def good(count: int) -> dict[int, Answer]:
    """Every caption points at its own image."""
    return {
        n: answer(n, [float(n == k) for k in range(count)], [float(n == k) for k in range(count)])
        for n in range(count)
    }


def flat(count: int) -> dict[int, Answer]:
    """All vectors are the same: nothing can be told apart."""
    return {n: answer(n, [1.0, 0.0], [1.0, 0.0]) for n in range(count)}


def judged(count: int, base: dict[int, Answer], candidate: dict[int, Answer], **changes):
    asked_pairs = pairs(count)
    references = {pair.record: pair.image for pair in asked_pairs}
    asked = Round(references=references, base=base, candidate=candidate, **changes)
    return evaluation.decide(asked, retrieval.measure(asked, asked_pairs, SETTINGS), SETTINGS, "seed")


def test_a_better_candidate_is_promoted_with_all_three_metrics():
    found = judged(20, flat(20), good(20))
    assert (found.verdict, found.metric, found.records) == ("PROMOTE", "recall_at_1", 20)
    assert (found.candidate.recall_at_1, found.candidate.recall_at_5, found.candidate.mrr) == (1.0, 1.0, 1.0)
    assert (found.base.recall_at_1, found.base.mrr) == (0.0, pytest.approx(1 / 20))
    assert found.candidate.exact_match is None
    assert found.interval == (1.0, 1.0)


def test_the_champion_decides_where_there_is_one():
    found = judged(20, flat(20), good(20), champion=good(20), champion_run="before")
    assert (found.verdict, found.opponent, found.champion_run) == ("HOLD", "champion", "before")
    assert judged(20, flat(20), flat(20), champion=good(20)).verdict == "REJECT"


def test_few_pairs_say_nothing():
    found = judged(4, flat(4), good(4))
    assert found.verdict == "HOLD"
    assert "at least 5 are needed" in found.reasons[0]


def test_a_failed_call_counts_as_nothing_and_is_told():
    candidate = good(20) | {3: Answer(record=3, answer=None, error="gone")}
    found = judged(20, flat(20), candidate)
    assert found.candidate.recall_at_1 == pytest.approx(19 / 20)
    assert found.candidate.failed == 1
    assert any("1 of 20 calls to the candidate failed" in reason for reason in found.reasons)


def test_a_missing_answer_is_an_error_and_so_is_a_silent_base():
    with pytest.raises(EvaluationFailed, match="missing"):
        judged(5, {}, good(5))
    with pytest.raises(EvaluationFailed, match="answered none"):
        judged(5, {n: Answer(record=n, answer=None, error="no") for n in range(5)}, good(5))


def test_ties_count_against_and_equal_captions_are_equally_right():
    same = [Pair(record=n, image=f"s3://b/{n}.png", caption="twins") for n in range(2)]
    answers = {0: answer(0, [1, 0], [0, 1]), 1: answer(1, [0, 1], [0, 1])}
    assert retrieval.ranks(same, answers) == {0: 1, 1: 1}
    apart = [msgspec.structs.replace(pair, caption=f"c{pair.record}") for pair in same]
    assert retrieval.ranks(apart, answers) == {0: 2, 1: 1}
    level = {0: answer(0, [1, 1], [1, 1]), 1: answer(1, [1, 1], [1, 1])}
    assert retrieval.ranks(apart, level) == {0: 2, 1: 2}


def test_captions_of_one_image_share_it_in_the_gallery():
    one_image = [Pair(record=n, image="s3://b/a.png", caption=f"c{n}") for n in range(3)]
    answers = {n: answer(n, [1, 0], [0.5, 0.5]) for n in range(3)}
    assert retrieval.ranks(one_image, answers) == {0: 1, 1: 1, 2: 1}


def test_the_settings_choose_the_metric():
    settings = msgspec.structs.replace(SETTINGS, gate=Gate(metric="mrr"))
    asked = Round(references=dict.fromkeys(range(6), ""), base=flat(6), candidate=good(6))
    found = retrieval.measure(asked, pairs(6), settings)
    assert (found.metric, found.why) == ("mrr", "the settings ask for it")
    assert found.values["base"][0] == pytest.approx(1 / 6)


def test_questions_are_told_by_their_records():
    lines = [
        b'{"image-ref": "s3://b/a.png", "caption": "one", "slice": "x"}\n',
        b'{"image-ref": "s3://b/b.png", "caption": " "}\n',
        b'{"image-ref": "s3://b/c.png"}\n',
        b'{"prompt": "p", "completion": "c"}\n',
    ]
    found = list(to_questions(lines))
    assert found[0] == Pair(record=0, image="s3://b/a.png", caption="one", slice="x")
    assert [each.record for each in found] == [0, 1]
    text = b"\n".join(msgspec.json.encode(each) for each in found)
    assert list(read_questions(text)) == found


def test_vectors_survive_as_text():
    assert unpacked(packed([0.5, -1.25, 3.0])) == [0.5, -1.25, 3.0]
