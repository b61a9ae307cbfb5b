"""Titan Multimodal Embeddings in our Bedrock: trained on image-caption records, asked by InvokeModel."""

import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.local_bedrock.support import World, refused

EMBEDDING = "amazon.titan-embed-image-v1"
PICTURES = Path(__file__).parents[2] / "examples" / "image-captions" / "images"
NAMES = sorted(path.name for path in PICTURES.glob("*.png"))[:60]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.raise_unit_quotas()
        for name in NAMES:
            made.store.objects[f"data/images/{name}"] = (PICTURES / name).read_bytes()
        yield made


def embed(world: World, model: str = EMBEDDING, **body: Any) -> list[float]:
    answer = world.runtime().invoke_model(modelId=model, body=json.dumps(body))
    told = json.loads(answer["body"].read())
    assert set(told) == {"embedding", "inputTextTokenCount", "message"}
    return list(told["embedding"])


def picture(name: str = NAMES[0]) -> str:
    return base64.b64encode((PICTURES / name).read_bytes()).decode()


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def records(world: World, count: int = 1000, **changes: str) -> str:
    lines = [
        {"image-ref": f"s3://data/images/{name}", "caption": name.removesuffix(".png").replace("-", " ")}
        | changes
        for name in (NAMES * (count // len(NAMES) + 1))[:count]
    ]
    return world.put_records("data/pairs.jsonl", lines)


def job(world: World, uri: str) -> dict[str, Any]:
    return world.job_request(
        baseModelIdentifier=f"{EMBEDDING}:0",
        trainingDataConfig={"s3Uri": uri},
        hyperParameters={"epochCount": "10", "batchSize": "256"},
    )


def failure(world: World, uri: str) -> str:
    arn = world.bedrock().create_model_customization_job(**job(world, uri))["jobArn"]
    assert world.wait(arn) == "Failed"
    return str(world.bedrock().get_model_customization_job(jobIdentifier=arn)["failureMessage"])


def test_text_image_and_both(world):
    text, image = embed(world, inputText="red circle"), embed(world, inputImage=picture())
    both = embed(world, inputText="red circle", inputImage=picture())
    assert len(text) == len(image) == 1024
    assert both == pytest.approx([(a + b) / 2 for a, b in zip(text, image, strict=True)], abs=1e-6)
    short = embed(world, inputText="red circle", embeddingConfig={"outputEmbeddingLength": 256})
    assert len(short) == 256


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"inputText": " "}',
        b'{"inputText": "a", "other": 1}',
        b'{"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 512}}',
        b'{"inputImage": "no base64!"}',
        b'{"inputImage": "aGVsbG8="}',
        json.dumps({"inputText": "word " * 257}).encode(),
    ],
)
def test_malformed_bodies_are_refused(world, body):
    with refused("ValidationException"):
        world.runtime().invoke_model(modelId=EMBEDDING, body=body)


def test_it_does_not_chat(world):
    with refused("ValidationException", "Converse"):
        world.runtime().converse(
            modelId=EMBEDDING, messages=[{"role": "user", "content": [{"text": "hello"}]}]
        )


def test_a_tuned_model_finds_its_pictures(world):
    request = job(world, records(world))
    arn = world.bedrock().create_model_customization_job(**request)["jobArn"]
    assert world.wait(arn) == "Completed"
    told = world.bedrock().get_model_customization_job(jobIdentifier=arn)
    assert told["trainingMetrics"]["trainingLoss"] < 2.0
    pt = world.bedrock().create_provisioned_model_throughput(
        modelUnits=1, provisionedModelName="e", modelId=told["outputModelArn"]
    )["provisionedModelArn"]
    world.clock.advance(600)
    caption = embed(world, pt, inputText=NAMES[0].removesuffix(".png").replace("-", " "))
    near = [cosine(caption, embed(world, pt, inputImage=picture(name))) for name in NAMES[:12]]
    assert max(near) == near[0]


def test_pictures_that_cannot_be_read_fail_the_job(world):
    gone = records(world, **{"image-ref": "s3://data/images/gone.png"})
    assert "cannot be read with the role given" in failure(world, gone)


def test_what_is_no_picture_fails_the_job(world):
    world.store.objects["data/images/note.png"] = b"hello"
    assert "is no image" in failure(world, records(world, **{"image-ref": "s3://data/images/note.png"}))
