"""Create-or-get of one on-demand deployment by the run's name."""

from __future__ import annotations

from datetime import datetime, timedelta

from finetune_aws import endpoints
from finetune_core.contracts import Endpoint, Plan, Training
from finetune_core.errors import Conflict, QuotaTooLow, ServingFailed
from finetune_core.failures import diagnose
from finetune_core.quota_codes import quota_behind
from finetune_core.runs import tags


def deployed(plan: Plan, training: Training, environment: str, now: datetime) -> Endpoint:
    """Return the run's deployment, created now if it is not there yet.

    Raises:
        ServingFailed: the name belongs to a deployment of another model.
        QuotaTooLow: the account has as many deployments as it may.
    """
    found = endpoints.find("on_demand", plan.names.endpoint)
    if found is None:
        return _created(plan, training, environment, now)
    if found.model_arn != training.model_arn:
        raise ServingFailed(
            f"deployment {plan.names.endpoint} exists already and serves {found.model_arn}",
            where=found.arn,
            remedy="Delete or rename that deployment, then drop the data again.",
        )
    failure = ""
    if found.status == "Failed":
        diagnosis = diagnose(found.failure)
        failure = f"{diagnosis} What to do: {diagnosis.remedy}"
    return Endpoint(kind="on_demand", arn=found.arn, status=found.status, failure=failure)


def _created(plan: Plan, training: Training, environment: str, now: datetime) -> Endpoint:
    expires = now + timedelta(hours=plan.settings.time_to_live_hours)
    marks = tags(environment, plan.run_id, plan.dataset, expires.isoformat(timespec="seconds"))
    try:
        arn = endpoints.deploy(plan.names.endpoint, training.model_arn, plan.token, marks)
    except QuotaTooLow as error:
        # Two deployments at once may be in progress and ten may exist: others may free a place meanwhile.
        raise QuotaTooLow(
            f"{error.what} It was asked again with pauses.",
            where=plan.names.endpoint,
            remedy=str(quota_behind("serve", error.what)),
        ) from error
    except Conflict:
        found = endpoints.find("on_demand", plan.names.endpoint)
        if found is None:
            raise
        return Endpoint(kind="on_demand", arn=found.arn, status=found.status)
    return Endpoint(kind="on_demand", arn=arn, status="Creating")
