"""Each target format gets its record, and is told what it could not carry."""

from __future__ import annotations

import pytest

from finetune_core.catalogue import MODELS
from finetune_core.validation import validate

MULTI = {
    "system": "S",
    "id": 1,
    "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
    ],
}
SINGLE = {"messages": MULTI["messages"][:2]}


def test_messages(converted) -> None:
    done = converted([MULTI], "claude")
    assert done.records == [{"system": "S", "messages": MULTI["messages"]}]
    assert done.losses == {"key": 1}


def test_prompt_and_completion_of_one_turn_is_plain(converted) -> None:
    done = converted([SINGLE], "llama-3.1")
    assert done.records == [{"prompt": "a", "completion": "b"}]
    assert done.losses == {}


def test_earlier_turns_open_the_prompt(converted) -> None:
    done = converted([MULTI], "llama-3.1")
    prompt = "S\n\n### User\na\n\n### Assistant\nb\n\n### User\nc\n\n### Assistant\n"
    assert done.records == [{"prompt": prompt, "completion": "d"}]
    assert done.losses == {"key": 1, "system-into-prompt": 1, "turns-into-prompt": 1}


def test_text_for_continued_pre_training(converted) -> None:
    done = converted([MULTI, {"text": "T", "url": "u"}], "titan", kind="continued-pre-training")
    assert done.records == [{"input": "S\n\na\n\nb\n\nc\n\nd"}, {"input": "T"}]
    assert done.losses == {"key": 2, "roles": 1}


def test_a_reward_prompt_keeps_every_key_and_the_answer_as_reference(converted) -> None:
    done = converted([MULTI], "nova-2", kind="reinforcement-fine-tuning")
    messages = [{"role": "system", "content": "S"}, *MULTI["messages"][:3]]
    assert done.records == [{"messages": messages, "id": 1, "reference_answer": "d"}]
    assert done.losses == {"answer-as-reference": 1}


def test_a_reward_prompt_that_has_its_reference_keeps_it(converted) -> None:
    record = {"messages": SINGLE["messages"], "reference_answer": {"n": 1}}
    done = converted([record], "nova-2", kind="reinforcement-fine-tuning")
    assert done.records == [{"messages": SINGLE["messages"][:1], "reference_answer": {"n": 1}}]
    assert done.losses == {"trailing-answer": 1}


def test_distillation_takes_prompts_without_answers(converted) -> None:
    done = converted([{"prompt": "a"}], "micro", kind="distillation")
    assert done.records[0]["messages"] == [{"role": "user", "content": [{"text": "a"}]}]
    assert done.losses == {}


def test_an_image_and_its_caption(converted) -> None:
    chat = {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "s3://bucket/a.jpg"}},
                ],
            },
            {"role": "assistant", "content": "A cat"},
        ]
    }
    plain = {"image-ref": "s3://bucket/b.png", "caption": "A dog"}
    done = converted([chat, plain, SINGLE], "canvas")
    assert done.records == [{"image-ref": "s3://bucket/a.jpg", "caption": "A cat"}, plain]
    assert done.losses == {"question": 1, "no-image": 1}


@pytest.mark.parametrize("model", ["nova", "nova-2", "claude", "llama-3.1", "llama-3.2", "titan"])
def test_what_is_written_validates(converted, model) -> None:
    records = [{"instruction": f"Say {n}", "input": "", "output": f"{n}!"} for n in range(250)]
    done = converted(records, model)
    report = validate([done.order.out.read_bytes()], _row(done), done.order.target.kind)
    assert (report.valid, report.records) == (True, 250)


def _row(done):
    return next(model for model in MODELS if done.order.target.rules in model.kinds.values())
