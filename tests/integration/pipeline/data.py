"""Small datasets that our language model can learn: short questions with answers in one fixed form."""

import json

SYSTEM = "Turn the sentence into a command."
ROOMS = ("kitchen", "hall", "study", "cellar", "attic", "garage", "balcony", "bedroom")
THINGS = ("lamp", "heater", "fan", "blind", "radio")
DEEDS = (("Switch on", "on"), ("Switch off", "off"), ("Check", "status"))


def commands() -> list[tuple[str, str]]:
    """Give 120 pairs of sentence and command."""
    return [
        (f"{deed} the {thing} in the {room}", json.dumps({"do": verb, "what": thing, "where": room}))
        for deed, verb in DEEDS
        for thing in THINGS
        for room in ROOMS
    ]


def lines(records: list[dict]) -> bytes:
    """Write records as JSON Lines."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def converse(*turns: str) -> dict:
    """Give a Converse record from alternating user and assistant texts."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": [{"text": text}]} for number, text in enumerate(turns)]
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": SYSTEM}],
        "messages": messages,
    }


def single_turn() -> bytes:
    """Give a Converse dataset of one exchange a record."""
    return lines([converse(sentence, command) for sentence, command in commands()])


def named(dataset: str) -> bytes:
    """Give a small Converse dataset whose every record names the dataset, so that each request does."""
    records = [converse(sentence, command) for sentence, command in commands()[:60]]
    return lines([record | {"system": [{"text": f"{SYSTEM} {dataset}"}]} for record in records])


REINFORCED = {
    "base_model": "amazon.nova-2-lite-v1:0:256k",
    "type": "reinforcement-fine-tuning",
    "hyperparameters": {
        "epochCount": 1,
        "batchSize": 64,
        "trainingSamplePerPrompt": 2,
        "inferenceMaxTokens": 4,
    },
    "budget_usd": 500,
}


def prompts(dataset: str) -> bytes:
    """Give prompts for a reinforcement, each of which names the dataset."""
    system = {"role": "system", "content": f"{SYSTEM} {dataset}"}
    return lines(
        [
            {"messages": [system, {"role": "user", "content": sentence}], "reference_answer": command}
            for sentence, command in commands()
        ]
    )


def multi_turn() -> bytes:
    """Give a Converse dataset of two exchanges a record."""
    pairs = commands()
    return lines([converse(*pairs[n], *pairs[(n * 7 + 3) % len(pairs)]) for n in range(len(pairs))])


def pretraining() -> bytes:
    """Give unlabelled text in the `input` form."""
    return lines(
        [
            {"input": f"The {thing} in the {room} belongs to circuit {number}. " * 8}
            for number, (thing, room) in enumerate((t, r) for t in THINGS for r in ROOMS * 3)
        ]
    )


def run_file(**settings: object) -> bytes:
    """Write a run.json."""
    return json.dumps(settings).encode()
