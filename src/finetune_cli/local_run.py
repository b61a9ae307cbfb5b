"""`finetune local run`: from nothing to a promoted model that has answered, on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_cli import local_cloud, local_state
from finetune_cli.arrival import Arrival
from finetune_cli.checking import settings_of
from finetune_cli.commands.report import fetch
from finetune_cli.commands.submit import is_valid
from finetune_cli.console import Console, duration
from finetune_cli.drops import Drop, plan_drop, send
from finetune_cli.errors import NO, OK
from finetune_cli.ledger import Run
from finetune_cli.local_cloud import RunningCloud
from finetune_cli.summary import show_summary
from finetune_cli.surroundings import Surroundings, pointer
from finetune_cli.watching import Watcher

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Answer:
    """What the promoted model said to one held-out prompt, and what the dataset says."""

    prompt: str
    reply: str
    reference: str


@dataclass(frozen=True)
class Ending:
    """All that a local run leaves behind; `stages` are (name, seconds), the whole time last."""

    run: Run
    answer: Answer | None
    report: Path
    stages: tuple[tuple[str, float], ...]


def run_local(folder: Path, console: Console, *, keep: bool, speed: float | None) -> int:
    """0 when the model was promoted and answered; 1 when the data is invalid or the run ended otherwise."""
    began = time.monotonic()
    drop = plan_drop(folder, dataset="", settings={}, corpus=False)
    settings = settings_of(drop, local_cloud.ENV)
    if not is_valid(drop, settings, console):
        return NO
    with local_cloud.started(console, keep=keep, speed=speed) as running:
        local_cloud.deploy(running)
        local_cloud.raise_quotas(running, settings.model_units, console)
        here = local_cloud.connect_local(running)
        run = _drop_and_follow(here, drop, running, console)
        answer = ask(here, run) if run.status == "PROMOTED" else None
        report = _keep_report(here, run)
    ending = Ending(run, answer, report, (*running.stages.done, ("together", time.monotonic() - began)))
    _conclude(ending, console)
    return OK if run.status == "PROMOTED" else NO


def _drop_and_follow(here: Surroundings, drop: Drop, running: RunningCloud, console: Console) -> Run:
    """Drop the dataset as `finetune submit` does and follow its run to the end."""
    with running.stages.stage("Drop the dataset; wait for its run"):
        dropped = send(here, drop)
        run = Arrival(here, dropped, pause=POLL_SECONDS / 2).wait()
    console.note(f"run {run.run_id} of dataset {run.dataset}")
    began = time.monotonic()
    run = Watcher(here, console, pause=POLL_SECONDS).follow(run)
    running.stages.done.append(("The run, from claim to verdict", time.monotonic() - began))
    return run


def ask(here: Surroundings, run: Run) -> Answer | None:
    """Send one held-out prompt to whatever the dataset's pointer names, as an application would.

    None when the dataset has no held-out prompt, or nothing serves.
    """
    held_out = run.result("validation")["evaluation"]
    if not held_out["records"] or not run.endpoint_arn:
        return None
    body = here.client("s3").get_object(Bucket=held_out["bucket"], Key=held_out["key"])["Body"]
    prompt: dict[str, Any] = json.loads(next(body.iter_lines()))
    model = here.parameter(pointer(here.env, run.dataset))
    if "caption" in prompt:
        return Answer(prompt["caption"], _vector(here, model, prompt["caption"]), prompt["image"])
    limits = {"maxTokens": prompt["max_tokens"], "temperature": 0.0}
    answer = here.client("bedrock-runtime").converse(
        modelId=model, inferenceConfig=limits, **prompt["request"]
    )
    return Answer(
        _text(prompt["request"]["messages"][-1]), _text(answer["output"]["message"]), prompt["reference"]
    )


def _vector(here: Surroundings, model: str, text: str) -> str:
    request = json.dumps({"inputText": text})
    answer = here.client("bedrock-runtime").invoke_model(modelId=model, body=request)
    vector = json.loads(answer["body"].read())["embedding"]
    return f"a vector of {len(vector)} numbers: {', '.join(f'{value:.3f}' for value in vector[:4])}, …"


def _text(message: dict[str, Any]) -> str:
    return "\n".join(
        block.get("text") or json.dumps(block, ensure_ascii=False) for block in message["content"]
    )


def _keep_report(here: Surroundings, run: Run) -> Path:
    """Copy the report out of the cloud, which is about to vanish."""
    path = local_state.folder() / "reports" / run.run_id / "report.html"
    fetch(here, run, path)
    return path


def _conclude(ending: Ending, console: Console) -> None:
    answer = ending.answer
    show_summary(ending.run, local_cloud.ENV, console)
    console.say(f"  {'report, kept':<16} {ending.report}")
    if answer:
        said = (("asked", answer.prompt), ("answered", answer.reply), ("the data says", answer.reference))
        for label, text in said:
            console.say(f"  {label:<16} {shorten(text)}")
    console.say("\nWhere the time went:")
    for name, took in ending.stages:
        console.say(f"  {duration(took):>12}  {name}")
    console.data(
        {
            "run": ending.run.as_dict(),
            "answer": vars(answer) if answer else None,
            "report": str(ending.report),
            "stages": [{"stage": name, "seconds": round(took, 3)} for name, took in ending.stages],
        }
    )


def shorten(text: str, most: int = 200) -> str:
    """A text on one line of about `most` characters: what is too much is cut out of its middle."""
    line = " ".join(text.split())
    half = most // 2
    return line if len(line) <= most else f"{line[:half]} … {line[-half:]}"
