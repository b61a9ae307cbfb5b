"""``runs/<run_id>/model-card.json``: what a custom model is, made from the run's report and its lineage."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

FILE: Final = "model-card.json"
_FIGURES: Final = ("training_loss", "validation_loss", "training_reward", "validation_reward", "steps")


def card(report: Json, lineage: Json | None) -> Json:
    """Return the card of the model in ``report`` (``report.json``); ``lineage`` is ``lineage.json``.

    ``data.seen`` lists every training file, with its version, that any model of the line was trained on.
    """
    plan, preflight, training = (report.get(name) or {} for name in ("plan", "preflight", "training"))
    line = lineage or {}
    ancestors = line.get("ancestors") or []
    return {
        "model_arn": training.get("model_arn"),
        "name": (plan.get("names") or {}).get("model"),
        "run_id": report["run_id"],
        "dataset": report["dataset"],
        "environment": report["environment"],
        "outcome": report["outcome"],
        "made_at": report["finished_at"],
        "base_model": preflight.get("base_model_id"),
        "customization_type": preflight.get("customization_type"),
        "hyperparameters": preflight.get("hyperparameters"),
        "reward": preflight.get("reward"),
        "parent": ancestors[-1] if ancestors else None,
        "ancestors": ancestors,
        "started_from": line.get("reason"),
        "data": {
            "counts": (report.get("validation") or {}).get("counts"),
            "trained": line.get("trained") or [],
            "seen": line.get("seen") or [],
        },
        "training": {name: training.get(name) for name in _FIGURES},
        "evaluation": report.get("evaluation"),
    }
