"""The reward function of a reinforcement job: the user's Lambda function, called with the job's role.

Request and answer: user guide, reward-functions
(https://docs.aws.amazon.com/bedrock/latest/userguide/reward-functions.html, read 2026-11-28): a list of
{"id", "messages" with the model's answer at the end, "metadata" with every other key of the record}, and a
list of {"id", "aggregate_reward_score", "metrics_list"?}. How many answers come in one call is not published.
Some samples of AWS read `reference_answer` beside `messages`; the page has it in `metadata` alone, and so
has this. The service's texts about a function that fails are not published either.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

Graded = tuple[dict[str, Any], str]
"""A record of the dataset, and an answer to it."""

ANSWERS_A_CALL: Final = 64
CLIENT: Final = Config(read_timeout=920, retries={"total_max_attempts": 3, "mode": "standard"})
"""A function has up to 15 minutes (reward-functions); throttled calls are tried again."""
_SHOWN: Final = 200


class GraderError(Exception):
    """The reward function cannot be called, fails, or answers what cannot be read; the text is the job's."""


class Grader:
    """Asks the function at `arn` for rewards; `breathe` is called before each call and may raise."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3's client
        arn: str,
        breathe: Callable[[], None],
    ) -> None:
        self._client, self._arn, self._breathe = client, arn, breathe
        self._graded = 0

    def rewards(self, answers: Sequence[Graded]) -> list[float]:
        """Return the reward of each answer; raise GraderError."""
        found: list[float] = []
        for begin in range(0, len(answers), ANSWERS_A_CALL):
            self._breathe()
            samples = [self._sample(*graded) for graded in answers[begin : begin + ANSWERS_A_CALL]]
            scores = self._scores(self._call(samples), [str(sample["id"]) for sample in samples])
            found += [scores[str(sample["id"])] for sample in samples]
        return found

    def _sample(self, record: dict[str, Any], answer: str) -> dict[str, Any]:
        self._graded += 1
        return {
            "id": f"sample-{self._graded}",
            "messages": [*record["messages"], {"role": "assistant", "content": answer}],
            "metadata": {key: value for key, value in record.items() if key != "messages"},
        }

    def _call(self, samples: list[dict[str, Any]]) -> object:
        try:
            told = self._client.invoke(FunctionName=self._arn, Payload=json.dumps(samples).encode())
            body = told["Payload"].read().decode("utf-8", "replace")
        except (ClientError, BotoCoreError) as error:
            raise GraderError(
                f"The reward function {self._arn} could not be invoked with the role given: {error}"
            ) from error
        if told.get("FunctionError"):
            raise GraderError(f"The reward function {self._arn} failed: {body[: 4 * _SHOWN]}")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(f"the answer is not JSON: {body[:_SHOWN]}") from error

    def _scores(self, answer: object, ids: list[str]) -> dict[str, float]:
        """Return id -> reward; raise GraderError for an answer of another shape."""
        if not isinstance(answer, list):
            raise self._unreadable(f"the answer must be a list, not {json.dumps(answer)[:_SHOWN]}")
        scores: dict[str, float] = {}
        for index, entry in enumerate(answer):
            fault = _fault(entry, ids, scores)
            if fault:
                raise self._unreadable(f"entry {index}: {fault}")
            scores[entry["id"]] = float(entry["aggregate_reward_score"])
        if missing := [name for name in ids if name not in scores]:
            raise self._unreadable(f"{len(missing)} of {len(ids)} ids have no entry, among them {missing[0]}")
        return scores

    def _unreadable(self, what: str) -> GraderError:
        return GraderError(f"The reward function {self._arn} returned an invalid response: {what}")


def _fault(entry: object, ids: Sequence[str], scores: dict[str, float]) -> str | None:
    """Return what is wrong with one entry of an answer, or None."""
    if not isinstance(entry, dict):
        return f"must be an object, not {json.dumps(entry)[:_SHOWN]}"
    name = entry.get("id")
    if name not in ids:
        return f"the id {json.dumps(name)[:_SHOWN]} was not asked for"
    if name in scores:
        return f"the id {name} comes twice"
    return _score_fault(entry)


def _score_fault(entry: dict[str, Any]) -> str | None:
    if "aggregate_reward_score" not in entry:
        return "aggregate_reward_score is missing"
    if not _is_number(entry["aggregate_reward_score"]):
        said = json.dumps(entry["aggregate_reward_score"])[:_SHOWN]
        return f"aggregate_reward_score must be a finite number, not {said}"
    metrics = entry.get("metrics_list") or []
    if not isinstance(metrics, list) or not all(map(_is_metric, metrics)):
        return "metrics_list must be a list of {name, value, type}, with the type Reward or Metric"
    return None


def _is_number(value: object) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max  # NaN is not, nor is an integer too large for a float


def _is_metric(metric: object) -> bool:
    return (
        isinstance(metric, dict)
        and isinstance(metric.get("name"), str)
        and _is_number(metric.get("value"))
        and metric.get("type") in ("Reward", "Metric")
    )
