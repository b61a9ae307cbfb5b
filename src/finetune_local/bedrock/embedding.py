"""InvokeModel of Titan Multimodal Embeddings: texts and images to vectors.

Bodies and limits: user guide, model-parameters-titan-embed-mm and titan-multiemb-models (read 2026-11-24).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from finetune_local.bedrock.errors import invalid
from finetune_local.embedding_model import LENGTHS, EmbeddingModel, Floats, PictureError, features, lengthened

IMAGE_BYTES: Final = 5 * 1_048_576
TEXT_TOKENS: Final = 256
"""The page's copies say 128 and 256; the laxer one is held."""
_KEYS: Final = frozenset({"inputText", "inputImage", "embeddingConfig"})


def embed(model: EmbeddingModel, body: bytes) -> tuple[bytes, int]:
    """Return the answer's body and the text's tokens; raise a ValidationException for what is no request.

    Text and image together give the mean of their vectors.
    """
    request = _read(body)
    text, image = request.get("inputText"), request.get("inputImage")
    vectors = []
    if text is not None:
        vectors.append(model.text_vector(_text(model, text)))
    if image is not None:
        vectors.append(model.image_vector(_features(image)))
    if not vectors:
        raise invalid("Malformed input request: inputText or inputImage is required.")
    mean: Floats = sum(vectors[1:], vectors[0]) / len(vectors)
    length = (request.get("embeddingConfig") or {}).get("outputEmbeddingLength", max(LENGTHS))
    if length not in LENGTHS:
        raise invalid(f"Malformed input request: outputEmbeddingLength must be one of {list(LENGTHS)}.")
    tokens = model.count_tokens(text) if text is not None else 0
    values = [float(value) for value in lengthened(mean, length)]
    answer = {"embedding": values, "inputTextTokenCount": tokens, "message": None}
    return json.dumps(answer).encode(), tokens


def _read(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise invalid(
            f"Malformed input request: {error}, please reformat your input and try again."
        ) from error
    if not isinstance(request, dict) or set(request) - _KEYS:
        raise invalid(
            f"Malformed input request: an object with no other keys than {sorted(_KEYS)} is wanted."
        )
    return request


def _text(model: EmbeddingModel, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise invalid("Malformed input request: inputText must be a string that is not blank.")
    if model.count_tokens(text) > TEXT_TOKENS:
        raise invalid(f"Too many input tokens: at most {TEXT_TOKENS} are taken.")
    return text


def _features(image: object) -> Floats:
    try:
        data = base64.b64decode(str(image), validate=True)
        if len(data) > IMAGE_BYTES:
            raise invalid(f"The image has {len(data)} bytes; at most {IMAGE_BYTES} are taken.")
        return features(data)
    except (binascii.Error, PictureError) as error:
        raise invalid(f"Unable to process the image that was provided: {error}") from error
