"""Request and answer bodies of InvokeModel, one pair of functions a family of models.

Source: user guide, model-parameters-nova / -titan-text / -meta (read 2026-11-24).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from finetune_local.bedrock.conversations import render, system_text, turns_of
from finetune_local.bedrock.errors import invalid
from finetune_local.bedrock.foundation_models import FoundationModel


@dataclass(frozen=True)
class Ask:
    """What the language model is asked."""

    prompt: str
    max_tokens: int
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What it answered, and what that took."""

    text: str
    input_tokens: int
    output_tokens: int
    stop_reason: str
    milliseconds: int

    def message(self) -> dict[str, Any]:
        """Return output, stop reason and usage as Converse and Nova's own body have them."""
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": self.text}]}},
            "stopReason": self.stop_reason,
            "usage": {
                "inputTokens": self.input_tokens,
                "outputTokens": self.output_tokens,
                "totalTokens": self.input_tokens + self.output_tokens,
            },
        }


@dataclass(frozen=True)
class BodyFormat:
    """How one family of models reads and writes the body of InvokeModel."""

    parse: Callable[[dict[str, Any], int], Ask]
    dump: Callable[[Reply], dict[str, Any]]

    def read(self, body: bytes, default_tokens: int) -> Ask:
        """Return what the body asks; raise a ValidationException when it is malformed."""
        try:
            return self.parse(json.loads(body), default_tokens)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise invalid(
                f"Malformed input request: {type(error).__name__} {error}, please reformat your input "
                f"and try again."
            ) from error

    def write(self, reply: Reply) -> bytes:
        """Return the answer's body."""
        return json.dumps(self.dump(reply), ensure_ascii=False).encode()


def body_format(model: FoundationModel) -> BodyFormat:
    """Return the format of `model`; raise a ValidationException where there is none here."""
    for prefix, layout in _FORMATS.items():
        if model.plain_id.startswith(prefix):
            return layout
    raise invalid(f"The local Bedrock does not invoke {model.plain_id}.")


def _nova_ask(body: dict[str, Any], default_tokens: int) -> Ask:
    settings = body.get("inferenceConfig", {})
    tokens = settings.get("maxTokens", settings.get("max_new_tokens", default_tokens))
    prompt = render(system_text(body.get("system")), turns_of(body["messages"]))
    return Ask(prompt, int(tokens), tuple(settings.get("stopSequences", ())))


def _titan_ask(body: dict[str, Any], default_tokens: int) -> Ask:
    settings = body.get("textGenerationConfig", {})
    return Ask(
        render("", [("user", str(body["inputText"]))]),
        int(settings.get("maxTokenCount", default_tokens)),
        tuple(settings.get("stopSequences", ())),
    )


def _titan_reply(reply: Reply) -> dict[str, Any]:
    reason = "LENGTH" if reply.stop_reason == "max_tokens" else "FINISH"
    result = {"tokenCount": reply.output_tokens, "outputText": reply.text, "completionReason": reason}
    return {"inputTextTokenCount": reply.input_tokens, "results": [result]}


def _llama_ask(body: dict[str, Any], default_tokens: int) -> Ask:
    return Ask(render("", [("user", str(body["prompt"]))]), int(body.get("max_gen_len", default_tokens)))


def _llama_reply(reply: Reply) -> dict[str, Any]:
    return {
        "generation": reply.text,
        "prompt_token_count": reply.input_tokens,
        "generation_token_count": reply.output_tokens,
        "stop_reason": "length" if reply.stop_reason == "max_tokens" else "stop",
    }


_FORMATS: Final = {
    "amazon.nova-": BodyFormat(_nova_ask, Reply.message),
    "amazon.titan-text-": BodyFormat(_titan_ask, _titan_reply),
    "meta.llama": BodyFormat(_llama_ask, _llama_reply),
}
