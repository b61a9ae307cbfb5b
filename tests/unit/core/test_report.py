import json
import re
from html.parser import HTMLParser

from finetune_core.validation import validate, validate_files
from finetune_core.validation_report import place_in_words, to_html, to_json, to_lines
from tests.unit.core.datasets import NOVA, chat, check, many, model, turn

HOSTILE = chat(turn("user", "User: <script>alert(1)</script>"), turn("assistant", "x"))


class Page(HTMLParser):
    """Collects tags and checks that they close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "br", "rect", "line", "th"):
            self.open.append(tag)
        for name, value in attrs:
            assert name not in ("src", "href"), f"the page asks for {value}"

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag


def test_json_has_what_programs_need() -> None:
    found = json.loads(to_json(check(HOSTILE)))
    assert {"valid", "format", "records", "counts", "faults"} <= found.keys()
    assert {"code", "severity", "line", "path", "message", "remedy"} <= found["faults"][0].keys()
    assert found["valid"] is False


def test_the_page_is_whole_escaped_and_asks_for_nothing() -> None:
    text = to_html(check(HOSTILE), title="<Dataset> & more")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert "script" not in page.tags
    assert "&lt;script&gt;" in text
    assert "&lt;Dataset&gt; &amp; more" in text


def test_the_page_says_in_plain_words_what_to_do() -> None:
    text = to_html(check(HOSTILE))
    assert "cannot be used yet: 2 errors must be corrected first" in text
    assert "these strings mark turns" in text
    assert "Training file, line 1" in text
    good = to_html(validate([many(200)], model(NOVA), "fine-tuning"))
    assert "can be used to train Amazon Nova Micro" in good
    assert "None were found" in good


def test_the_histogram_counts_every_record() -> None:
    report = validate_files({"train": [many(200)], "evaluation": [many(20, 500)]}, model(NOVA), "fine-tuning")
    assert [sum(count for _, count in file.histogram) for file in report.files] == [200, 20]
    assert len(re.findall("<svg", to_html(report))) == 2


def test_every_faulty_line_is_in_the_list() -> None:
    bad = chat(turn("user", "x"), turn("user", "y"))
    lines = to_lines(check(*([bad] * 40), HOSTILE, bad))
    row = next(line for line in lines.splitlines() if "\trole_order\t" in line)
    assert row == "train\trole_order\terror\t41\t1-40 42"


def test_places_are_told_in_words() -> None:
    for path, words in (
        ("", ""),
        ("$", ""),
        ("$.prompt", "prompt"),
        ("$.messages", "messages"),
        ("$.messages[0].content[1].text", "message 1, part 2, text"),
        ("$.messages[2].content", "message 3, content"),
        ("$.system[0].text", "system prompt 1, text"),
        ("$.toolConfig.tools[3].toolSpec.name", "toolConfig, tool 4, toolSpec, name"),
    ):
        assert place_in_words(path) == words
    assert "in the message 1, part 1, text <code>$.messages[0].content[0].text</code>" in to_html(
        check(HOSTILE)
    )


def test_one_is_not_many() -> None:
    one = check(*[chat(turn("user", f"q{n}"), turn("assistant", "x")) for n in range(9)])
    assert "Worth a look: 1 warning." in to_html(one)


def test_a_file_that_was_not_read_is_told_so() -> None:
    page = to_html(validate([b"question,answer\na,b\nc,d\n"], model(NOVA), "fine-tuning"))
    assert "<td class=number>not read</td>" in page
    assert "the whole file" in page
    assert "finetune convert does it with arrays and tables" in page
