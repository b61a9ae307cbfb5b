"""With the real language model: what our Bedrock reports has been learned."""

from __future__ import annotations

from finetune_local.language_model import LanguageModel
from tests.unit.local_bedrock.support import World, conversation

PLAIN = "amazon.nova-micro-v1:0"
COLOURS = ("red", "green", "blue", "yellow")


def test_a_tuned_model_beats_its_base_on_held_out_records() -> None:
    things = [
        f"{adjective} {noun}"
        for adjective in ("small", "big", "old", "new")
        for noun in ("house", "car", "boat", "tree", "door")
    ]
    records = [
        conversation(f"What is the colour of the {thing}?", f"The colour of the {thing} is blue.")
        for thing in things
    ]
    with World(LanguageModel) as world:
        held_out = world.put_records("data/validation.jsonl", records[:4])
        world.train(
            trainingDataConfig={"s3Uri": world.put_records("data/colours.jsonl", records[4:])},
            validationDataConfig={"validators": [{"s3Uri": held_out}]},
            hyperParameters={"epochCount": "3", "learningRate": "5e-05"},
        )
        world.raise_unit_quotas()
        endpoint = world.bedrock().create_provisioned_model_throughput(
            modelUnits=1, provisionedModelName="e", modelId="job-1-model"
        )["provisionedModelArn"]
        world.clock.advance(600)
        path = next(path for path in world.store.objects if path.endswith("validation_metrics.csv"))
        losses = [float(line.split(",")[2]) for line in world.store.objects[path].decode().splitlines()[1:]]
        question = [{"role": "user", "content": [{"text": "What is the colour of the new tree?"}]}]
        answers = [
            world.runtime().converse(modelId=name, messages=question, inferenceConfig={"maxTokens": 20})[
                "output"
            ]["message"]["content"][0]["text"]
            for name in (PLAIN, endpoint)
        ]
    assert losses[-1] < losses[0] / 2, "the first row is the base's loss, the last the tuned model's"
    assert answers[0] != answers[1]
