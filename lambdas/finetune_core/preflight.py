"""Decides before any money is spent whether a base model can be trained and served as a run asks.

The live answers of Bedrock come in as plain values; the catalogue only explains and adds limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from finetune_core import catalogue, rewards
from finetune_core.contracts import EndpointKind, Preflight, RunSettings
from finetune_core.distillation import choose_teacher
from finetune_core.errors import ModelNotTunable, QuotaTooLow
from finetune_core.gate import RETRIEVAL, Judge
from finetune_core.judges import check_fit
from finetune_core.model_rules import KindRules, Model

QUOTA_LINK: Final = "https://console.aws.amazon.com/servicequotas/home/services/bedrock/quotas/"
_UNKNOWN_FORMAT: Final = "converse"
_WORDS: Final = {
    "FINE_TUNING": "fine-tuning",
    "CONTINUED_PRE_TRAINING": "continued pre-training",
    "DISTILLATION": "distillation",
    "REINFORCEMENT_FINE_TUNING": "reinforcement fine-tuning",
}
_UNTOLD: Final = ("REINFORCEMENT_FINE_TUNING",)
"""Kinds that GetFoundationModel has no word for (shape ``ModelCustomization`` in botocore 1.43.106)."""


class Offer(Struct, frozen=True, kw_only=True):
    """A base model as Bedrock describes it in this Region today.

    ``job_model`` is what the job gets: the model's ARN, or the custom model's that training goes on from.
    """

    model_id: str
    model_arn: str
    name: str
    job_model: str
    lifecycle: str
    customizations: tuple[str, ...]
    legacy_since: datetime | None = None


def offers(offer: Offer, kind: str, region: str) -> bool:
    """Return whether Bedrock customizes a model in this way: by its own words, or where it has none for the
    kind, by the catalogue's.
    """
    if kind in offer.customizations or kind not in _UNTOLD:
        return kind in offer.customizations
    return offer.model_id in offering(kind, region)


def offering(kind: str, region: str) -> list[str]:
    """Return the ids that the catalogue has for a kind in a Region."""
    return [
        model.id
        for model in catalogue.MODELS
        if model.jobs and kind in model.kinds and region in model.regions
    ]


def check_offer(offer: Offer, kind: str, region: str, alternatives: Sequence[str], others: str) -> None:
    """Refuse a model that Bedrock customizes no more, or not in this way.

    ``alternatives`` are the ids that the Region customizes in this way; ``others`` says in words what else
    the account could use when there are none.

    Raises:
        ModelNotTunable: naming what the account could use.
    """
    instead = _instead(kind, region, alternatives, others)
    if offer.lifecycle != "ACTIVE":
        since = f" since {offer.legacy_since:%Y-%m-%d}" if offer.legacy_since else ""
        raise ModelNotTunable(
            f"base model {offer.model_id} is {offer.lifecycle}{since}: Bedrock takes no new job for it",
            where=f"base_model, Region {region}",
            remedy=instead,
        )
    if not offers(offer, kind, region):
        offered = ", ".join(words(each) for each in offer.customizations) or "no customization"
        known = catalogue.find_model(offer.model_id)
        apart = known is not None and not known.jobs
        raise ModelNotTunable(
            f"base model {offer.model_id} does not offer {words(kind)}; it offers {offered}"
            + (
                " in jobs as this pipeline runs them, only in Bedrock's OpenAI-compatible API"
                if apart
                else ""
            ),
            where=f"base_model and type, Region {region}",
            remedy=instead,
        )


def not_offered(
    model_id: str, kind: str, region: str, alternatives: Sequence[str], others: str
) -> ModelNotTunable:
    """Return the refusal of a model that Bedrock does not know in this Region."""
    known = catalogue.find_model(model_id)
    if known and region not in known.regions:
        what = f"{known.name} is customized in {' and '.join(known.regions)} only"
    else:
        near = [name for name in catalogue.suggest_models(model_id) if name != model_id]
        what = f"Bedrock has no model {model_id}" + (f" (did you mean {near[0]}?)" if near else "")
    return ModelNotTunable(
        f"{what}; this pipeline runs in {region}",
        where=f"base_model, Region {region}",
        remedy=_instead(kind, region, alternatives, others),
    )


def resolve_serving(model: Model | None, requested: str, region: str) -> tuple[EndpointKind, str]:
    """Return how the custom model will be served, and why.

    Raises:
        ModelNotTunable: the base model cannot be served in the way asked for in this Region.
    """
    if requested == "none":
        return "none", "the settings ask for no endpoint"
    if model is None:
        kind: EndpointKind = "on_demand" if requested == "on_demand" else "provisioned_throughput"
        return kind, "the catalogue does not know this model, so serving is tried as asked for"
    on_demand = region in model.serving.on_demand_regions
    provisioned = region in model.serving.provisioned_regions
    ways = (["on_demand"] if on_demand else []) + (["provisioned_throughput"] if provisioned else [])
    if requested == "auto":
        return _automatic(model, on_demand, provisioned, region)
    if requested in ways:
        return (
            "on_demand" if requested == "on_demand" else "provisioned_throughput"
        ), "the settings ask for it"
    raise ModelNotTunable(
        f"a custom {model.name} cannot be served by {requested} in {region}",
        where=f"serving ({model.serving.source.name}, read {model.serving.source.read})",
        remedy=f'Set "serving" to {" or ".join(ways) or "none"}.',
    )


def check_quota(code: str, what: str, value: float | None, needed: float, *, used: float = 0) -> None:
    """Refuse when a quota is known to be too low (None: not known, so not judged); ``used`` is taken already.

    Raises:
        QuotaTooLow: with the quota's code, value and the page to ask for more.
    """
    if value is not None and value < needed + used:
        taken = f" beside the {used:g} in use" if used else ""
        raise QuotaTooLow(
            f"{what} (quota {code}) is {value:g}, but {needed:g} are needed{taken}",
            where="Service Quotas, Amazon Bedrock, this account and Region",
            remedy=f'Ask for more at {QUOTA_LINK}{code}, set "serving" to on_demand or none'
            + (', set "rollout" to in_place, or take endpoints down: finetune retire.' if used else "."),
        )


def plan_training(
    offer: Offer, settings: RunSettings, serving: tuple[EndpointKind, str], warnings: Sequence[str]
) -> Preflight:
    """Return the preflight of a model that passed, with hyperparameters completed and checked.

    Raises:
        ModelNotTunable: a hyperparameter that this model refuses.
    """
    model, kind = catalogue.find_model(offer.model_id), settings.customization_type
    rules = catalogue.rules_for(model, kind) if model else None
    told = [*warnings, *_open_questions(kind, offer)]
    _check_judgement(offer.name, bool(model and model.embeds), settings)
    _check_judge(offer.name, rules, settings.gate.judge, serving)
    if model is None or rules is None:
        told.append(f"The catalogue has no row for {offer.model_id} with {kind}: limits are not checked.")
        values = dict(settings.hyperparameters)
    else:
        values = catalogue.default_hyperparameters(model, kind) | settings.hyperparameters
        faults = catalogue.check_hyperparameters(model, kind, values)
        if faults:
            raise ModelNotTunable(
                "; ".join(faults), where="hyperparameters", remedy="Correct them in run.json."
            )
        told += catalogue.warn_hyperparameters(model, kind, values)
        if rules.validation_file == "disputed":
            told.append(f"Sources disagree whether {model.name} takes a validation file: none is sent.")
    return Preflight(
        base_model_id=offer.model_id,
        base_model_arn=offer.job_model,
        base_model_name=model.name if model else offer.name,
        invoke_id=model.invoke_id if model else catalogue.plain_id(offer.model_id),
        customization_type=kind,
        record_format=rules.formats[0] if rules else _UNKNOWN_FORMAT,
        takes_validation=bool(rules and rules.validation_file == "optional"),
        serving=serving[0],
        serving_reason=serving[1],
        hyperparameters=values,
        warnings=told,
        teacher=choose_teacher(settings, model),
    )


def _check_judgement(name: str, embeds: bool, settings: RunSettings) -> None:
    """Refuse settings that judge texts by vectors, vectors by texts, or by a reward that there is not."""
    if settings.gate.metric == rewards.METRIC and settings.customization_type != rewards.KIND:
        raise ModelNotTunable(
            "gate.metric reward is for reinforcement fine-tuning: no other run has a reward function",
            where="gate.metric",
            remedy='Use "auto".',
        )
    metric, answers = settings.gate.metric, "vectors" if embeds else "text"
    if embeds and settings.golden_prompts:
        raise ModelNotTunable(
            f"golden_prompts need an answer in text; {name} answers with vectors",
            where="golden_prompts",
            remedy="Leave them out.",
        )
    if metric != "auto" and (metric in RETRIEVAL) != embeds:
        raise ModelNotTunable(
            f"gate.metric {metric} does not fit {name}, which answers with {answers}",
            where="gate.metric",
            remedy=f'Use "auto"{" or one of " + ", ".join(RETRIEVAL) if embeds else ""}.',
        )


def _check_judge(
    name: str, rules: KindRules | None, judge: Judge | None, serving: tuple[EndpointKind, str]
) -> None:
    answers = rules is None or "image-caption" not in rules.formats
    check_fit(judge, name, answers=answers, serving=serving[0], reason=serving[1])


def _open_questions(kind: str, offer: Offer) -> list[str]:
    """Return what no documentation says about a kind; the job will tell."""
    if kind != rewards.KIND:
        return []
    told = ["No defaults are published for reinforcement fine-tuning: Bedrock chooses what is left out."]
    if "custom-model" in offer.job_model:
        told.append("Nothing says whether Bedrock trains a custom model further by reinforcement.")
    return told


def words(kind: str) -> str:
    """Return a customization type as people write it."""
    return _WORDS.get(kind, kind.lower().replace("_", " "))


def _automatic(model: Model, on_demand: bool, provisioned: bool, region: str) -> tuple[EndpointKind, str]:
    if on_demand:
        return "on_demand", f"{model.name} can be served on demand in {region}: no charge while idle"
    if provisioned:
        return "provisioned_throughput", f"{model.name} has no on-demand deployment in {region}"
    return "none", f"{model.name} cannot be served in {region}"


def _instead(kind: str, region: str, alternatives: Sequence[str], others: str) -> str:
    if alternatives:
        return f"Use one of those that {region} offers for {words(kind)}: {', '.join(alternatives)}."
    return f"No active model offers {words(kind)} in {region} today. {others}".strip()
