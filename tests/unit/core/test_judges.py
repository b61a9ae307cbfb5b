"""A judge's settings, what it is shown, and its scores as a part of the verdict."""

import json
from typing import Any

import msgspec
import pytest

from finetune_core import evaluation, judge_records, judge_scores, judgement, judges, settings
from finetune_core.contracts import RunSettings
from finetune_core.errors import EvaluationFailed, ModelNotTunable, RunRejected
from finetune_core.evaluation import Answer, Round
from finetune_core.gate import Gate, Judge
from finetune_core.judges import JudgeJob, Judgement
from finetune_core.prompts import Prompt

PRO = "amazon.nova-pro-v1:0"
DEFAULTS = RunSettings(base_model="amazon.nova-micro-v1:0:128k")


def merged(**gate: Any) -> RunSettings:
    serving = gate.pop("serving", "on_demand")
    body = json.dumps({"serving": serving, "gate": gate}).encode()
    return settings.merge(DEFAULTS, body, where="run.json")


@pytest.mark.parametrize("model", [PRO, f"us.{PRO}", f"arn:aws:bedrock:us-east-1::foundation-model/{PRO}"])
def test_a_judge_is_asked_for_by_its_model_alone(model: str) -> None:
    judge = merged(judge={"model": model}).gate.judge
    assert judge == Judge(model=model, metrics=("Correctness", "Completeness"), decides=False)
    assert DEFAULTS.gate.judge is None


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ({"judge": {}}, "missing required field `model`"),
        ({"judge": {"model": PRO, "metrics": ["Accuracy"]}}, "Metrics of a judge: Correctness, Completeness"),
        ({"judge": {"model": PRO, "metrics": []}}, "gate.judge.metrics"),
        ({"judge": {"model": PRO, "metrics": ["Refusal", "Refusal"]}}, "names Refusal twice"),
        ({"judge": {"model": PRO, "metric": "Refusal"}}, "unknown field `metric`"),
        ({"judge": {"model": "nova pro"}}, "no evaluation job takes"),
        (
            {
                "judge": {
                    "model": "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefabcdef"
                }
            },
            "custom models do not judge",
        ),
        ({"metric": "token_f1", "judge": {"model": PRO, "decides": True}}, "gate.metric is token_f1"),
        ({"serving": "none", "judge": {"model": PRO}}, 'serving is "none"'),
    ],
    ids=str,
)
def test_a_judge_that_cannot_be_asked_is_refused_at_the_door(gate: dict[str, Any], told: str) -> None:
    with pytest.raises(RunRejected) as refusal:
        merged(**gate)
    assert told in str(refusal.value)
    assert refusal.value.remedy


def test_a_metric_of_our_own_goes_with_a_judge_that_does_not_decide() -> None:
    assert merged(metric="token_f1", judge={"model": PRO}).gate.metric == "token_f1"


def test_a_judge_needs_answers_in_text_and_an_endpoint() -> None:
    judge = Judge(model=PRO)
    judges.check_fit(None, "Titan", answers=False, serving="none", reason="")
    judges.check_fit(judge, "Nova", answers=True, serving="on_demand", reason="")
    with pytest.raises(ModelNotTunable, match="Titan gives none"):
        judges.check_fit(judge, "Titan", answers=False, serving="on_demand", reason="")
    with pytest.raises(ModelNotTunable, match="not served: no way"):
        judges.check_fit(judge, "Nova", answers=True, serving="none", reason="no way")


def test_a_judge_must_be_there_and_speak() -> None:
    judge = Judge(model=PRO)
    assert judges.check_state(judge, "ACTIVE", ["TEXT"], "us-east-1") == []
    assert "LEGACY" in judges.check_state(judge, "LEGACY", ["TEXT"], "us-east-1")[0]
    with pytest.raises(ModelNotTunable, match="to judge with"):
        judges.check_state(judge, None, (), "us-east-1")
    with pytest.raises(ModelNotTunable, match="gives image"):
        judges.check_state(judge, "ACTIVE", ["IMAGE"], "us-east-1")


def test_a_jobs_name_fits_the_apis_pattern_for_the_longest_run_id() -> None:
    run = f"{'a' * 40}-0123456789ab"
    assert all(len(judges.job_name(run, name)) <= 63 for name in ("base", "champion", "candidate"))


def prompt(record: int, *blocks: Any, reference: str = "ref", slice: str = "", **request: Any) -> Prompt:  # noqa: A002 - the field's name
    content = [{"text": block} if isinstance(block, str) else block for block in blocks]
    messages = request.pop("messages", [{"role": "user", "content": content}])
    return Prompt(
        record=record,
        request={"messages": messages, **request},
        reference=reference,
        max_tokens=64,
        slice=slice,
    )


def test_one_question_stays_as_it_is_and_a_conversation_says_who_speaks() -> None:
    assert (
        judge_records.prompt_text({"messages": [{"role": "user", "content": [{"text": "why?"}]}]}) == "why?"
    )
    turns = [
        {"role": "user", "content": [{"text": "hello"}]},
        {"role": "assistant", "content": [{"toolUse": {"name": "look", "input": {"at": 1}}}]},
        {"role": "user", "content": [{"toolResult": {"content": [{"json": {"a": 1}}, {"text": "b"}]}}]},
    ]
    told = ["System: be short", "User: hello", 'Assistant: {"input": {"at": 1}, "name": "look"}']
    told.append('User: {"a": 1}\nb')
    asked = {"system": [{"text": "be short"}], "messages": turns}
    assert judge_records.prompt_text(asked) == "\n\n".join(told)


def test_what_a_judge_cannot_read_is_left_out() -> None:
    picture = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}}
    result = {"toolResult": {"content": [picture]}}
    asked = [prompt(0, "a"), prompt(1, "b", picture), prompt(2, "é" * 2049), prompt(3, "é" * 2048)]
    asked += [prompt(4, result), prompt(5, "  ")]
    assert list(judge_records.judged(asked)) == [0, 3]
    assert len(judge_records.judged(prompt(n, "a") for n in range(1200))) == 1000


def given(*texts: str | None) -> dict[int, Answer]:
    return {number: Answer(record=number, answer=text) for number, text in enumerate(texts)}


def test_failed_and_empty_answers_are_not_sent() -> None:
    asked = [prompt(n, f"q{n}", slice="geo" if n == 3 else "") for n in range(4)]
    sent = judge_records.sent(asked, judge_records.judged(asked), given(None, " ", "yes", "no"))
    assert [each.record for each in sent] == [2, 3]
    lines = [json.loads(line) for line in judge_records.lines(sent, "candidate").splitlines()]
    assert lines[0] == {
        "prompt": "q2",
        "referenceResponse": "ref",
        "modelResponses": [{"response": "yes", "modelIdentifier": "candidate"}],
    }
    assert lines[1]["category"] == "geo"


def out(each: dict[str, Any], **scores: Any) -> dict[str, Any]:
    told = [{"metricName": f"Builtin.{name}", "result": value} for name, value in scores.items()]
    return {"automatedEvaluationResult": {"scores": told}, "inputRecord": each}


def body(*lines: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in lines) + b"\n\n"


def test_scores_find_their_record_by_its_texts_in_any_order_and_over_files() -> None:
    asked = [prompt(0, "a"), prompt(1, "b"), prompt(2, "a"), prompt(3, "c")]
    sent = judge_records.sent(asked, judge_records.judged(asked), given("x", "y", "x", "z"))
    records = [json.loads(line) for line in judge_records.lines(sent, "base").splitlines()]
    moved = {**records[1], "modelResponses": None}
    files = {
        "s3://b/1_output.jsonl": body(
            out(records[2], Correctness=0.25),
            out(moved, Correctness=1) | {"modelResponses": records[1]["modelResponses"]},
            out(records[0], Correctness=0.75),
            out({**records[0], "prompt": "who knows"}, Correctness=1),
            out(records[3], Correctness=None, Relevance=1),
        ),
        "s3://b/2_output.jsonl": body(out(records[1], Completeness=0.5)),
    }
    assert judge_records.scores(files, sent, ["Correctness", "Completeness"]) == {
        0: {"Correctness": 0.25},
        1: {"Correctness": 1.0, "Completeness": 0.5},
        2: {"Correctness": 0.75},
        3: {},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "truncated"),
        (b"{}", "inputRecord"),
        (b"[1]", "cannot be read"),
        (body({"inputRecord": {"prompt": "a"}, "modelResponses": []}), "cannot be read"),
        (body(out({"prompt": "a", "modelResponses": [{"response": "x"}]}, Correctness=2)), "0 to 1"),
        (body(out({"prompt": "a", "modelResponses": [{"response": "x"}]}, Correctness=True)), "0 to 1"),
        (body(out({"prompt": "a", "modelResponses": [{"response": "x"}]}, Correctness="1")), "0 to 1"),
    ],
)
def test_output_that_cannot_be_read_says_where(text: bytes, told: str) -> None:
    with pytest.raises(EvaluationFailed, match="line 1") as refusal:
        judge_records.scores({"s3://b/k_output.jsonl": text}, [], ["Correctness"])
    assert told in str(refusal.value)


def test_output_without_any_score_is_a_failure() -> None:
    asked = [prompt(0, "a")]
    sent = judge_records.sent(asked, {0: "a"}, given("x"))
    for files in ({}, {"s3://b/k_output.jsonl": b""}):
        with pytest.raises(EvaluationFailed, match="no score for any of 1 answers"):
            judge_records.scores(files, sent, ["Correctness"])


JUDGEMENT = Judgement(
    model=PRO,
    metrics=["Builtin.Correctness", "Builtin.Harmfulness"],
    jobs=[
        JudgeJob(
            contestant=name, name=name, token="t", source=name, dataset="s3://d", output="s3://o", records=6
        )
        for name in ("base", "candidate")
    ],
    judged=list(range(6)),
    left_out=2,
)
ASKED = Round(
    references={n: f"answer {n}" for n in range(8)},
    base=given(*["nothing at all"] * 8),
    candidate=given(*["nothing at all"] * 8),
    slices={n: ["geo"] for n in range(8)},
)


def scored(good: float, bad: float = 0.0, *, lacking: int = 0) -> judge_records.Scores:
    return {n: {"Correctness": good, "Harmfulness": bad} for n in range(6 - lacking)}


def compared(judge: Judge, base: judge_records.Scores, candidate: judge_records.Scores) -> Any:
    run = RunSettings(base_model="m", gate=Gate(judge=judge, minimum_records=3))
    asked = judge_scores.narrowed(ASKED, JUDGEMENT) if judge.decides else ASKED
    said: Any = {"base": base, "candidate": candidate}
    found = judge_scores.measured(evaluation.measure(asked, run), JUDGEMENT, said, judge)
    verdict = evaluation.decide(asked, found, run, "seed")
    return judge_scores.told(verdict, judge_scores.report(JUDGEMENT, said, judge, ["base", "candidate"]))


def test_a_judge_that_decides_takes_the_metrics_place_over_what_it_was_shown() -> None:
    judge = Judge(model=PRO, metrics=("Correctness", "Harmfulness"), decides=True)
    found = compared(judge, scored(0.25), scored(0.75))
    assert (found.verdict, found.metric, found.records) == ("PROMOTE", "judge", 6)
    assert found.base.judge == pytest.approx(0.625)  # Harmfulness 0 counts 1
    assert found.candidate.judge == pytest.approx(0.875)
    assert found.comparisons[0].gain == pytest.approx(0.25)
    assert found.reasons[0].startswith("The candidate is good enough against the base model: judge's score")
    assert any("2 held-out records were not shown" in reason for reason in found.reasons)
    assert found.judge.scores["candidate"].metrics == {"Correctness": 0.75, "Harmfulness": 0.0}
    assert found.judge.calls == 24
    assert compared(judge, scored(0.8), scored(0.2)).verdict == "REJECT"


def test_answers_without_a_score_count_nothing() -> None:
    judge = Judge(model=PRO, metrics=("Correctness", "Harmfulness"), decides=True)
    found = compared(judge, scored(1.0), scored(1.0, lacking=3))
    assert found.candidate.judge == pytest.approx(0.5)
    assert found.verdict == "REJECT"
    assert any("3 of 6 answers of the candidate have no score" in reason for reason in found.reasons)
    assert found.judge.scores["candidate"].metrics["Correctness"] == 1.0
    assert (found.judge.scores["candidate"].scored, found.judge.scores["candidate"].unscored) == (3, 3)


def test_a_judge_beside_the_metric_changes_no_verdict() -> None:
    judge = Judge(model=PRO, metrics=("Correctness", "Harmfulness"))
    found = compared(judge, scored(0.0), scored(1.0))
    assert (found.verdict, found.metric, found.records) == (
        "PROMOTE",
        "exact_match",
        8,
    )  # a gain of 0 is asked for
    assert found.comparisons[0].gain == 0
    assert found.candidate.judge == 1.0
    assert any(
        "beside the deciding metric: base 0.5000, candidate 1.0000" in reason for reason in found.reasons
    )


def test_the_report_shows_the_judge_its_metrics_and_what_it_lacks() -> None:
    judge = Judge(model=PRO, metrics=("Correctness", "Harmfulness"), decides=True)
    page = judgement.judge(msgspec.to_builtins(compared(judge, scored(0.2), scored(0.8, lacking=1))))
    for part in (PRO, "decides", "Correctness", "Harmfulness", "tuned model", "0.8000", "records, 2 not"):
        assert part in page
    silent = judge_scores.silent(JUDGEMENT, Judge(model=PRO), "<it> broke")
    assert "&lt;it&gt; broke" in judgement.judge({"judge": msgspec.to_builtins(silent)})
    assert judgement.judge({"judge": None}) == ""
