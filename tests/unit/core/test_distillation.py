"""Which teacher may teach which student, and what that costs."""

import pytest

from finetune_core import catalogue, distillation
from finetune_core.contracts import RunSettings
from finetune_core.errors import ModelNotTunable, RunRejected
from finetune_core.references import Teacher
from finetune_core.settings import merge

MICRO = "amazon.nova-micro-v1:0:128k"
PRO = "amazon.nova-pro-v1:0"


def settings(teacher: str | None = PRO, **changes) -> RunSettings:
    return RunSettings(base_model=MICRO, customization_type="DISTILLATION", teacher_model=teacher, **changes)


def test_a_documented_pair():
    model = catalogue.find_model(MICRO)
    chosen = distillation.choose_teacher(settings(max_response_length=100), model)
    assert chosen == Teacher(model=PRO, max_response_length=100)
    assert distillation.choose_teacher(settings("us." + PRO), model) == Teacher(model="us." + PRO)
    assert distillation.choose_teacher(RunSettings(base_model=MICRO), model) is None


def test_a_teacher_of_others_is_refused_with_those_that_would_do():
    with pytest.raises(ModelNotTunable, match="does not teach Amazon Nova Micro") as refused:
        distillation.choose_teacher(settings("amazon.nova-lite-v1:0"), catalogue.find_model(MICRO))
    assert PRO in refused.value.remedy


def test_every_student_offers_distillation():
    students = {student for all_students in distillation.TEACHERS.values() for student in all_students}
    assert all("DISTILLATION" in catalogue.find_model(student).kinds for student in students)


def test_the_teachers_state():
    teacher = Teacher(model=PRO)
    assert distillation.check_teacher(teacher, "ACTIVE", "us-east-1") == []
    assert "LEGACY" in distillation.check_teacher(teacher, "LEGACY", "us-east-1")[0]
    with pytest.raises(ModelNotTunable, match="no model amazon"):
        distillation.check_teacher(teacher, None, "us-east-1")


@pytest.mark.parametrize(
    ("run_json", "says"),
    [
        (b'{"type": "distillation"}', "needs teacher_model"),
        (b'{"teacher_model": "amazon.nova-pro-v1:0"}', "are for distillation"),
        (b'{"max_response_length": 100}', "are for distillation"),
        (b'{"type": "fine-tuning-by-reward"}', "Use one of"),
    ],
)
def test_keys_that_do_not_go_together(run_json, says):
    with pytest.raises(RunRejected) as refused:
        merge(RunSettings(base_model=MICRO), run_json, where="run.json")
    assert says in f"{refused.value.what} {refused.value.remedy}"
