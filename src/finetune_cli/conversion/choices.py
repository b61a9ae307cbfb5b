"""What the user asked for, checked against the catalogue: kind of customization, format."""

from __future__ import annotations

from finetune_cli.conversion.fitting import Target
from finetune_cli.errors import CommandError
from finetune_core.catalogue import MODELS, kind_of
from finetune_core.model_rules import Kind, Model


def target_of(model: Model, kind: str | None, to: str | None) -> Target:
    """The kind of customization (the model's first when None) and the format (the kind's first when None).

    Raises:
        CommandError: the model does not offer the kind, or does not take the format.
    """
    wanted: Kind = kind_of(kind) if kind else next(iter(model.kinds))
    rules = model.kinds.get(wanted)
    if rules is None:
        offering = [other.id for other in MODELS if wanted in other.kinds]
        raise CommandError(
            f"{model.name} does not offer {_spelled(wanted)}, only {', '.join(map(_spelled, model.kinds))}.",
            where="--type",
            do=f"These do: {', '.join(offering)}" if offering else "No model in the catalogue does.",
        )
    formats = rules.formats
    found = next((name for name in formats if to in {None, name}), None)
    if found is None:
        raise CommandError(
            f"{model.name} takes {', '.join(formats)} for {_spelled(wanted)}, not {to}.",
            where="--to",
            do="Leave --to away, or name one of them.",
        )
    return Target(found, wanted, rules)


def _spelled(kind: str) -> str:
    return kind.lower().replace("_", "-")
