"""Structured logs and metrics, and the decorator that every handler wears."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Final

from aws_lambda_powertools.logging import Logger

from finetune_core.errors import FinetuneError

NAMESPACE: Final = "Finetune"
"""CloudWatch namespace of the pipeline's own metrics; their only dimension is ``environment``."""

logger: Final = Logger(service="finetune", use_rfc3339=True)

Json = dict[str, Any]
Handler = Callable[[Json, Any], Json]


def function(name: str) -> Callable[[Handler], Handler]:
    """Log start, end and failure of a handler under its function's and its run's name."""

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def wrapped(event: Json, context: Any) -> Json:  # noqa: ANN401 - Lambda's context
            _begin_collecting()
            logger.structure_logs(append=False, service=f"finetune.{name}")
            logger.append_keys(
                run_id=_run_id(event), request_id=getattr(context, "aws_request_id", None), function=name
            )
            try:
                answer = handler(event, context)
            except FinetuneError as error:
                logger.error(str(error), extra={"error": type(error).__name__})
                raise
            except Exception:
                logger.exception("unexpected failure")
                raise
            logger.info("done")
            return answer

        return wrapped

    return wrap


@cache
def _begin_collecting() -> None:
    """Have the collector work from the first call on, and pass over all that the start made."""
    gc.freeze()
    gc.enable()


def count(environment: str, metric: str, value: float = 1.0) -> None:
    """Emit one value of ``metric`` (embedded metric format: a log line, no API call)."""
    from aws_lambda_powertools.metrics import Metrics, MetricUnit  # noqa: PLC0415 - few runs count anything

    metrics = Metrics(namespace=NAMESPACE)
    metrics.add_dimension(name="environment", value=environment)
    metrics.add_metric(name=metric, unit=MetricUnit.NoUnit, value=value)
    metrics.flush_metrics()


def _run_id(event: Json) -> str | None:
    plan = event.get("plan")
    return plan.get("run_id") if isinstance(plan, dict) else None
