"""Loss curves from the job's CSV files."""

import re

import pytest

from finetune_core import curves
from finetune_core.charts import HEIGHT, Curve, curve_chart


def test_files_are_found_by_name_in_any_folder() -> None:
    keys = [
        "p/x/validation_artifacts/post/validation/validation_metrics.csv",
        "p/step_wise_training_metrics.csv",
    ]
    assert curves.find(keys, curves.VALIDATION_FILE) == keys[0]
    assert curves.find(keys, curves.TRAINING_FILE) == keys[1]
    assert curves.find([], curves.TRAINING_FILE) is None


def test_rows_without_a_number_are_left_out() -> None:
    text = "\ufeffStep_Number , training_loss\n1,3.0\n2,nan\n3,\n4,inf\n5,1.5\n"
    points = curves.parse(text, "training_loss")
    assert points == [(1, 3.0), (5, 1.5)]
    assert curves.loss(points) == curves.Loss(first=3.0, last=1.5)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str) -> None:
    text = end.join(("step_number,training_loss", "1,3.0", "2,2.0", ""))
    assert curves.parse(text, "training_loss") == [(1, 3.0), (2, 2.0)]


def test_what_is_no_metrics_file_fails_no_run() -> None:
    assert curves.parse("\x00\x01" * 10, "training_loss") == []
    wild = "step_number,training_loss\n1," + "9" * 200_000 + '\n2,"2.0\n'
    assert curves.parse(wild, "training_loss") == [(2, 2.0)]


def test_the_first_step_without_a_finite_loss_is_found() -> None:
    assert curves.first_broken("step_number,training_loss\n1,3\n2,NaN\n3,inf\n", "training_loss") == 2
    assert curves.first_broken("step_number,training_loss\n1,3\n2,\n", "training_loss") is None


def test_missing_columns_and_files() -> None:
    assert curves.parse("a,b\n1,2\n", "training_loss") == []
    assert curves.parse("", "training_loss") == []
    assert curves.loss([]) is None
    assert curves.parse("training_loss\n3\n2\n", "training_loss") == [(1, 3.0), (2, 2.0)]


def test_thinning_keeps_both_ends() -> None:
    points = [(step, float(step)) for step in range(1000)]
    thinned = curves.thin(points, 10)
    assert (thinned[0], thinned[-1], len(thinned)) == ((0, 0.0), (999, 999.0), 10)


def test_long_labels_of_the_loss_axis_are_not_cut_off() -> None:
    drawn = curve_chart([Curve("loss", [(1, 0.00833), (2, 0.000123)])])
    for label in re.findall(r'x="([0-9.]+)" y="[0-9.]+" text-anchor="end" fill="#5d6778">([^<]+)<', drawn):
        if not label[1].startswith("step"):
            assert float(label[0]) - 7 * len(label[1]) >= 0, label


def test_the_chart_stays_inside_its_frame_and_escapes() -> None:
    drawn = curve_chart([Curve("<loss>", [(1, 3.0), (2, 1.0)]), Curve("one point", [(1, 1.0)])])
    assert "&lt;loss&gt;" in drawn
    assert "one point" not in drawn
    assert drawn.count("<polyline") == 1
    assert curve_chart([]) == ""
    flat = curve_chart([Curve("flat", [(1, 1.0), (1, 1.0)])])
    assert "nan" not in flat


def test_the_legend_keeps_clear_of_the_curves_ends() -> None:
    falling = curve_chart([Curve("loss", [(1, 3.0), (2, 1.0)]), Curve("other", [(1, 3.0), (2, 1.0)])])
    rising = curve_chart([Curve("reward", [(1, 0.0), (2, 1.0)]), Curve("other", [(1, 0.0), (2, 1.0)])])
    heights = [
        [
            float(y)
            for y in re.findall(
                r'y="([0-9.]+)" text-anchor="end" fill="#[0-9a-f]+">(?:loss|reward|other)', drawn
            )
        ]
        for drawn in (falling, rising)
    ]
    heights = [each[-2:] for each in heights]
    assert max(heights[0]) < HEIGHT / 2 < min(heights[1])
