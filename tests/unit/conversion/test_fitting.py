"""Turns are put into the order that the service takes, and every change is told."""

from __future__ import annotations


def record(*turns: tuple[str, str], **more: object) -> dict:
    return {"messages": [{"role": role, "content": text} for role, text in turns], **more}


def said(done) -> list[tuple[str, list[str]]]:
    return [
        (turn["role"], [block["text"] for block in turn["content"]]) for turn in done.records[0]["messages"]
    ]


def test_turns_of_one_role_in_a_row_are_merged(converted) -> None:
    done = converted([record(("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", "d"))])
    assert said(done) == [("user", ["a", "b"]), ("assistant", ["c", "d"])]
    assert done.losses == {"merged-turns": 2}


def test_plain_content_joins_merged_turns_by_an_empty_line(converted) -> None:
    done = converted([record(("user", "a"), ("user", "b"), ("assistant", "c"))], "claude")
    assert done.records == [
        {"messages": [{"role": "user", "content": "a\n\nb"}, {"role": "assistant", "content": "c"}]}
    ]


def test_assistant_turns_before_the_first_question_are_dropped(converted) -> None:
    done = converted([record(("assistant", "Welcome"), ("user", "a"), ("assistant", "b"))])
    assert said(done) == [("user", ["a"]), ("assistant", ["b"])]
    assert done.losses == {"leading-answer": 1}


def test_questions_at_the_end_that_nobody_answers_are_dropped(converted) -> None:
    done = converted([record(("user", "a"), ("assistant", "b"), ("user", "c"))])
    assert said(done) == [("user", ["a"]), ("assistant", ["b"])]
    assert done.losses == {"unanswered-turn": 1}


def test_empty_turns_are_left_out_before_turns_are_merged(converted) -> None:
    done = converted([record(("user", "a"), ("assistant", " \n"), ("user", "b"), ("assistant", "c"))])
    assert said(done) == [("user", ["a", "b"]), ("assistant", ["c"])]
    assert done.losses == {"empty-turn": 1, "merged-turns": 1}


def test_a_system_text_in_the_middle_moves_to_the_start(converted) -> None:
    done = converted([record(("user", "a"), ("system", "Be brief"), ("assistant", "b"))])
    assert done.records[0]["system"] == [{"text": "Be brief"}]
    assert done.losses == {"system-moved": 1}


def test_system_texts_are_joined_only_for_a_model_that_takes_one(converted) -> None:
    two = record(("system", "A"), ("system", "B"), ("user", "a"), ("assistant", "b"))
    nova, llama = converted([two], "nova"), converted([two], "llama-3.2")
    assert nova.records[0]["system"] == [{"text": "A"}, {"text": "B"}]
    assert nova.losses == {}
    assert llama.records[0]["system"] == [{"text": "A\n\nB"}]
    assert llama.losses == {"system-joined": 1}


def test_reasoning_is_kept_only_by_a_model_that_learns_it(converted) -> None:
    thought = {
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "reasoning_content": "hm", "content": "b"},
        ]
    }
    kept, lost = converted([thought], "nova-2"), converted([thought], "nova")
    assert kept.records[0]["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm"}}},
        {"text": "b"},
    ]
    assert kept.losses == {}
    assert said(lost)[1] == ("assistant", ["b"])
    assert lost.losses == {"reasoning": 1}
