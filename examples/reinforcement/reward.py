"""Grades answers of the ticket routing: the right team alone is best, half an answer is worth something."""

from typing import Any

TEAMS = ("billing", "shipping", "technical")


def lambda_handler(event: list[dict[str, Any]], context: object) -> list[dict[str, Any]]:
    """Return a score between 0 and 1 for each answer that comes in."""
    return [{"id": each["id"], **grade(answer_of(each), team_of(each))} for each in event]


def answer_of(each: dict[str, Any]) -> str:
    """Return the text of the model's answer, the last message."""
    text: str = each["messages"][-1]["content"]
    return text.strip().lower().rstrip(".")


def team_of(each: dict[str, Any]) -> str:
    """Return the team that the record names: every key beside messages is in the metadata."""
    team: str = each["metadata"]["reference_answer"]
    return team


def grade(answer: str, team: str) -> dict[str, Any]:
    """Score the right team alone 1, the right one among other words 0.5, another team alone 0.1, else 0."""
    named = [each for each in TEAMS if each in answer]
    right, alone = named == [team], answer in TEAMS
    score = (1.0 if alone else 0.5) if right else (0.1 if alone else 0.0)
    metrics = [
        {"name": "right_team", "value": float(right), "type": "Reward"},
        {"name": "team_alone", "value": float(alone), "type": "Metric"},
    ]
    return {"aggregate_reward_score": score, "metrics_list": metrics}
