"""The tables of docs/speed.md are the benchmark's result, and what they say of goals is so."""

import copy
import json

from benchmarks.validation_tables import PAGE, RESULT, section, verdict, written

MEASURED = json.loads(RESULT.read_text())
SHAPES = MEASURED["shapes"]


def test_the_page_holds_what_was_measured():
    page = PAGE.read_text()
    assert written(page, MEASURED) == page
    assert section(MEASURED) in page
    assert set(SHAPES) >= {
        "converse",
        "converse-english",
        "converse-ascii",
        "converse-short",
        "converse-long",
    }
    assert set(SHAPES) >= {"messages", "prompt-completion", "pretraining"}
    assert set(MEASURED["switched"]) == {"media", "near duplicates", "secrets and personal data"}
    for row in SHAPES.values():
        assert abs(row["ours / typed"] - row["ours"] / row["typed"]) < 1e-6


def test_every_goal_that_is_missed_is_named():
    good = copy.deepcopy(MEASURED)
    for row in good["shapes"].values():
        row |= {"ours / typed": 0.75, "two processes, processor": 1.8, "two processes, wall": 1.8}
        row["memory"] = 150
    good["cold_start"]["function"] = 150
    none = "Goals of speed missed: none; the stretch alone: none. Other goals missed: none.\n"
    assert verdict(good) == none
    bad = copy.deepcopy(good)
    bad["shapes"]["messages"]["ours / typed"] = 0.59
    bad["shapes"]["converse"] |= {"ours / typed": 0.74, "two processes, wall": 1.7, "memory": 151}
    bad["cold_start"]["function"] = 151
    assert verdict(bad) == (
        "Goals of speed missed: messages; the stretch alone: converse. "
        "Other goals missed: two processes by wall (converse); memory; cold start of the function.\n"
    )
