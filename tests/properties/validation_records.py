"""Draws dataset lines for the properties of validation: faultless, with one fault, or of any kind."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from finetune_core.catalogue import find_model
from finetune_core.findings import Spec
from finetune_core.model_rules import Model
from finetune_core.validation import offered_rules

CASES = {
    "converse": ("amazon.nova-lite-v1:0", "FINE_TUNING"),
    "converse-lax": ("meta.llama3-3-70b-instruct-v1:0", "FINE_TUNING"),
    "converse-tools": ("amazon.nova-2-lite-v1:0", "FINE_TUNING"),
    "messages": ("anthropic.claude-3-haiku-20240307-v1:0", "FINE_TUNING"),
    "prompt-completion": ("meta.llama3-1-8b-instruct-v1:0", "FINE_TUNING"),
    "input": ("amazon.titan-text-express-v1", "CONTINUED_PRE_TRAINING"),
    "image-caption": ("amazon.nova-canvas-v1:0", "FINE_TUNING"),
    "reinforcement": ("amazon.nova-2-lite-v1:0", "REINFORCEMENT_FINE_TUNING"),
    "distillation": ("amazon.nova-micro-v1:0", "DISTILLATION"),
}
names = st.sampled_from(sorted(CASES))

words = st.sampled_from(
    [
        "hello",
        "Wörld",
        "你好",
        "🙂",
        " ",
        "\n",
        "\t",
        "\xa0",
        "\u3000",
        "\u200b",
        "\xad",
        "\0",
        '"',
        "\\",
        "User:",
        "user:",
        "BOT:",
        "[EOS]",
        "<image>",
        "<Video>",
        "<unk>",
        "\nHuman:",
        "\nAssistant:",
        ": ",
        "::=",
        " :",
        '": "',
        "role",
        "x" * 300,
        "",
        "O",
        "[E",
    ]
)
texts = st.lists(words, min_size=0, max_size=4).map("".join)
roles = st.sampled_from(["user", "assistant", "user", "assistant", "system", "uber"])
blocks = st.one_of(
    st.fixed_dictionaries({"text": texts}),
    st.fixed_dictionaries({"text": texts}),
    st.fixed_dictionaries({"text": texts, "extra": texts}),
    st.just({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}}),
    st.just({}),
)
contents = st.one_of(texts, st.lists(blocks, max_size=2), st.lists(blocks, min_size=1, max_size=1), st.none())


def turns_of(content: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    usual = st.lists(st.tuples(content, content), min_size=1, max_size=3).map(
        lambda pairs: [
            {"role": role, "content": text}
            for pair in pairs
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
    )
    return st.one_of(
        usual, usual, st.lists(st.fixed_dictionaries({"role": roles, "content": contents}), max_size=4)
    )


converse = st.fixed_dictionaries(
    {"messages": turns_of(texts.map(lambda text: [{"text": text}]))},
    optional={
        "schemaVersion": st.sampled_from(["bedrock-conversation-2024", "other"]),
        "system": st.lists(st.fixed_dictionaries({"text": texts}), max_size=2),
        "more": texts,
    },
)
messages = st.fixed_dictionaries({"messages": turns_of(texts)}, optional={"system": texts, "more": texts})
pairs = st.fixed_dictionaries({"prompt": texts, "completion": texts}, optional={"more": texts})
singles = st.fixed_dictionaries({}, optional={"input": texts, "text": texts})
captions = st.fixed_dictionaries(
    {"image-ref": st.sampled_from(["s3://bucket/a.png", "a b"]), "caption": texts}
)
records = st.one_of(converse, messages, pairs, singles, captions)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw a line of JSON in some writer's style, now and then damaged."""
    record = draw(records)
    spaces = draw(st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : "), (",", ": "), (",\t", "\t:")]))
    escape = draw(st.booleans())
    text = json.dumps(record, ensure_ascii=escape, separators=spaces)
    damage = draw(st.integers(0, 9))
    if damage == 0:
        text = text[: draw(st.integers(0, len(text)))]
    elif damage == 1:  # repeat a key
        key = draw(st.sampled_from(["role", "content", "text", "messages", "prompt", "input", "system"]))
        text = re.sub(rf'("{key}"\s*:\s*)("[^"\\]*")', r"\1\2, \1\2", text, count=draw(st.integers(1, 2)))
    elif damage == 2:  # write letters as escapes
        letter = draw(st.sampled_from(["e", ":", "<", "t", "U", "\\n"]))
        text = text.replace(
            letter, "\\u{:04x}".format(ord(json.loads(f'"{letter}"'))), draw(st.integers(1, 9))
        )
    line = text.encode("utf-8", "surrogatepass")
    if damage == 3 and line:
        at = draw(st.integers(0, len(line) - 1))
        line = (
            line[:at]
            + draw(st.sampled_from([b"\x00", b"\xff", b'"', b"\\", b" ", b"\xed\xa0\x80"]))
            + line[at + 1 :]
        )
    return line.replace(b"\n", b" ").replace(b"\r", b" ")


files = st.lists(
    st.one_of(lines(), lines(), st.sampled_from([b"", b"  ", b"null", b"[]", b"NaN"])), max_size=12
)


def case(name: str) -> tuple[Model, str]:
    model_id, kind = CASES[name]
    model = find_model(model_id)
    assert model is not None
    return model, kind


def spec_of(name: str, form: str | None = None) -> Spec:
    model, kind = case(name)
    rules = offered_rules(model, kind)
    return Spec(rules, form or rules.formats[0], "train", model.name)


NEAR = ["converse", "converse-lax", "messages", "prompt-completion", "input"]
benign = st.text('abcdet :,.\n"\\{}[]<Oéß你🙂', min_size=1, max_size=12)
openings = st.sampled_from(
    ["Hello", "hi: ", " :", "::=", '"quoted"', "\n\nHi", "\t", "über", "你好", "\u3000x", "a", "u", "User"]
)
endings = st.sampled_from(["", "", " ok", "\\", '"', ", ", ": ", " :", '":'])
good_texts = st.builds(lambda start, middle, end: start + "x" + middle + end, openings, benign, endings)
bad_texts = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\t \n",
        "\xa0",
        "\u2003\u3000",
        "\x1c",
        "\x85",
        "User: x",
        "x user:",
        "SYSTEM:",
        "bOt:",
        "aThought:",
        "assistant:",
        "[EOS]",
        "a[EOS]b",
        "OO[EOS]",
        "<image>",
        "<VIDEO>",
        "a<unk>",
        "< image><image>",
        "\nHuman:",
        "a\nAssistant: b",
        "O" * 70 + "[EOS]",
        "<" * 70 + "<image>",
        "half �",
    ]
)


def near_record(name: str, texts_: list[str], systems: int, version: bool) -> dict[str, Any]:
    """Return a record of the case's own format that holds these texts, roles in order."""
    form = spec_of(name).format
    if form == "prompt-completion":
        return {"prompt": texts_[0], "completion": texts_[1]}
    if form == "input":
        return {"input": texts_[0]}
    wrap = (lambda text: [{"text": text}]) if form == "converse" else (lambda text: text)
    turns = [
        {"role": ("user", "assistant")[index % 2], "content": wrap(text)} for index, text in enumerate(texts_)
    ]
    record: dict[str, Any] = (
        {"schemaVersion": "bedrock-conversation-2024"} if version and form == "converse" else {}
    )
    if systems:
        record["system"] = [{"text": "Be brief"}] * systems if form == "converse" else "Be brief"
    return record | {"messages": turns}


def twist(draw: st.DrawFn, text: str, kind: str) -> str:
    """Damage one place of a line of JSON in the way named."""
    quoted = r'"(?:[^"\\]|\\.)*"'
    if kind == "repeat":
        found = list(re.finditer(rf'("[a-zA-Z]+")\s*:\s*({quoted}|\[\{{"text":\s*{quoted}\}}\])', text))
        pair = draw(st.sampled_from(found))
        comma, colon = draw(
            st.sampled_from([(",", ":"), (", ", ": "), (", ", " :"), (",", "\t:"), (", ", "  :")])
        )
        return text[: pair.start()] + f"{pair[1]}{colon}{pair[2]}{comma}" + text[pair.start() :]
    if kind == "escape":
        at = draw(st.integers(0, len(text) - 1))
        return text[:at] + f"\\u{ord(text[at]):04x}" + text[at + 1 :] if ord(text[at]) < 65536 else text
    if kind == "role":
        spots = [found.start(1) for found in re.finditer(r'"role":\s*"(user|assistant)"', text)]
        at = draw(st.sampled_from(spots)) if spots else 0
        other = "assistant" if text[at:].startswith("user") else "user"
        return text[:at] + re.sub("^(user|assistant)", other, text[at:])
    if kind == "space":
        at = draw(st.sampled_from([found.start() for found in re.finditer('[:,{}"]', text)]))
        return text[:at] + draw(st.sampled_from([" ", "\t", "  "])) + text[at:]
    if kind == "insert":
        at = draw(st.integers(0, len(text)))
        return (
            text[:at]
            + draw(
                st.sampled_from(['"', "\\", ",", "}", "]", ":", "x", ', "x": 1', ', {"text": "y"}', ", 5"])
            )
            + text[at:]
        )
    return text


KINDS = ["none", "none", "text", "text", "repeat", "repeat", "escape", "role", "space", "insert"]


@st.composite
def near_lines(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a case and a line that is faultless for it, or has one fault."""
    name = draw(st.sampled_from(NEAR))
    chosen = draw(st.lists(good_texts, min_size=2, max_size=5))
    kind = draw(st.sampled_from(KINDS))
    if kind == "text":
        chosen[draw(st.integers(0, len(chosen) - 1))] = draw(bad_texts)
    record = near_record(name, chosen, draw(st.integers(0, 2)), draw(st.booleans()))
    spaces = draw(st.sampled_from([(", ", ": "), (", ", ": "), (",", ":")]))
    text = twist(draw, json.dumps(record, ensure_ascii=draw(st.booleans()), separators=spaces), kind)
    return name, text.replace("\n", " ").encode("utf-8", "surrogatepass")
