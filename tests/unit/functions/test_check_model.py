"""Preflight against live answers."""

# ruff: noqa: N803 - arguments have the services' own names

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_core.errors import AccessDenied, ModelNotTunable, QuotaTooLow, ServiceUnavailable, Throttled
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import CUSTOM_ARN, MODEL_ARN, MODEL_ID, RUN_ID, plan, settings

Call = Callable[..., dict[str, Any]]


def model(model_id: str = MODEL_ID, status: str = "ACTIVE", kinds: tuple[str, ...] = ("FINE_TUNING",)) -> Any:
    return {
        "modelDetails": {
            "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
            "modelId": model_id,
            "modelName": "Some model",
            "customizationsSupported": list(kinds),
            "modelLifecycle": {"status": status, "legacyTime": datetime(2026, 3, 10, tzinfo=UTC)},
        }
    }


def summaries(*model_ids: str) -> Any:
    entries = [{"modelArn": f"arn:{name}", "modelId": name} for name in model_ids]
    return {"modelSummaries": [entry | {"modelLifecycle": {"status": "ACTIVE"}} for entry in entries]}


def units(value: float) -> Any:
    return {"Quota": {"QuotaCode": "L-BE77399C", "Value": value}}


@pytest.fixture(autouse=True)
def inputs(aws: FakeAws) -> None:
    """What intake wrote: one pinned training file."""
    file = {"role": "train", "bucket": "data-bucket", "key": "k", "version_id": "1", "bytes": 5}
    found = {"run_id": RUN_ID, "dataset": "banking-qa", "collection": "datasets", "files": [file]}
    body = json.dumps(found | {"settings": settings()}).encode()
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/inputs.json", body)
    aws.on("bedrock:ListProvisionedModelThroughputs", {"provisionedModelSummaries": []})


def check(call: Call, **changes: Any) -> dict[str, Any]:
    return call("check_model", {"plan": plan(settings=settings(**changes))})


def test_a_tunable_model_with_units(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on("service-quotas:GetServiceQuota", units(2))
    found = check(call, hyperparameters={"epochCount": "3"})
    assert found["base_model_arn"] == MODEL_ARN
    assert found["serving"] == "provisioned_throughput"
    assert found["hyperparameters"]["epochCount"] == "3"
    assert found["hyperparameters"]["learningRate"] == "1e-5"
    assert found["takes_validation"] is True
    assert found["record_format"] == "converse"


def test_the_suffix_for_customization_is_added(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on("service-quotas:GetServiceQuota", units(2))
    assert check(call, base_model="amazon.nova-micro-v1:0")["base_model_id"] == MODEL_ID
    assert aws.made("bedrock:GetFoundationModel") == [{"modelIdentifier": MODEL_ID}]


def test_quota_zero_names_code_and_page(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on("service-quotas:GetServiceQuota", units(0))
    with pytest.raises(QuotaTooLow, match=r"L-BE77399C\) is 0, but 1 are needed.*servicequotas"):
        check(call)


def test_units_in_use_count(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on("service-quotas:GetServiceQuota", units(3))
    others = [
        {"modelUnits": 2, "modelArn": CUSTOM_ARN},
        {"modelUnits": 5, "modelArn": CUSTOM_ARN, "commitmentDuration": "OneMonth"},
        {"modelUnits": 7, "modelArn": MODEL_ARN},
    ]
    aws.on("bedrock:ListProvisionedModelThroughputs", {"provisionedModelSummaries": others})
    assert check(call)["serving"] == "provisioned_throughput"
    told = r"L-BE77399C\) is 3, but 2 are needed beside the 2 in use.*in_place"
    with pytest.raises(QuotaTooLow, match=told):
        check(call, model_units=2)


def test_no_right_to_look_at_quotas_is_a_warning(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on("service-quotas:GetServiceQuota", error("AccessDeniedException", status=403))
    assert any("could not be looked up" in warning for warning in check(call)["warnings"])


def test_a_legacy_model_is_refused_with_what_could_be_used(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model(status="LEGACY"))
    aws.on("bedrock:ListFoundationModels", summaries("amazon.nova-2-lite-v1:0:256k"))
    with pytest.raises(ModelNotTunable, match=r"LEGACY since 2026-03-10.*amazon\.nova-2-lite-v1:0:256k"):
        check(call)


def test_a_model_that_the_region_lacks(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:ListFoundationModels", summaries(MODEL_ID))
    with pytest.raises(ModelNotTunable, match=r"us-west-2 only; this pipeline runs in us-east-1"):
        check(call, base_model="meta.llama3-1-8b-instruct-v1:0:128k")
    with pytest.raises(ModelNotTunable, match=r"did you mean amazon\.nova-micro-v1:0:128k"):
        check(call, base_model="amazon.nova-mikro-v1:0")


def test_continued_pre_training_with_no_model_says_so(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    aws.on(
        "bedrock:ListFoundationModels",
        lambda byCustomizationType: summaries(*([MODEL_ID] * (byCustomizationType == "FINE_TUNING"))),
    )
    told = "No active model offers continued pre-training in us-east-1 today. For fine-tuning"
    with pytest.raises(ModelNotTunable, match=told):
        check(call, customization_type="CONTINUED_PRE_TRAINING")


def test_a_custom_model_is_trained_further(aws: FakeAws, call: Call) -> None:
    parent = {
        "modelArn": CUSTOM_ARN,
        "modelName": "first",
        "creationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "baseModelArn": MODEL_ARN,
        "modelStatus": "Active",
    }
    aws.on("bedrock:GetCustomModel", parent)
    aws.on("bedrock:GetFoundationModel", model())
    found = check(call, base_model=CUSTOM_ARN, serving="none")
    assert (found["base_model_id"], found["base_model_arn"]) == (MODEL_ID, CUSTOM_ARN)
    aws.on("bedrock:GetCustomModel", parent | {"modelStatus": "Failed"})
    with pytest.raises(ModelNotTunable, match="is not Active"):
        check(call, base_model=CUSTOM_ARN)


def test_auto_takes_on_demand_where_it_can(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    found = check(call, serving="auto")
    assert (found["serving"], "no charge while idle" in found["serving_reason"]) == ("on_demand", True)
    assert not aws.made("service-quotas:GetServiceQuota")


def test_hyperparameters_outside_the_range_are_refused(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    with pytest.raises(ModelNotTunable, match=r"epochCount = 9"):
        check(call, serving="none", hyperparameters={"epochCount": "9"})


def test_an_unlisted_model_is_not_refused(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model("acme.new-v1:0:64k"))
    found = check(call, base_model="acme.new-v1:0:64k", serving="none")
    assert found["invoke_id"] == "acme.new-v1:0"
    assert any("limits are not checked" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 429, Throttled),
        ("InternalServerException", 500, ServiceUnavailable),
        ("AccessDeniedException", 403, AccessDenied),
    ],
)
def test_service_errors_keep_their_kind(
    aws: FakeAws, call: Call, code: str, status: int, kind: type[Exception]
) -> None:
    aws.on("bedrock:GetFoundationModel", error(code, status=status))
    with pytest.raises(kind, match=code):
        check(call)


EMBEDDING = "amazon.titan-embed-image-v1:0"


@pytest.mark.parametrize(
    ("model_id", "changes", "says"),
    [
        (EMBEDDING, {"golden_prompts": [{"prompt": "a", "contains": "b"}]}, "answers with vectors"),
        (EMBEDDING, {"gate": {"metric": "rouge_l"}}, "does not fit"),
        (MODEL_ID, {"gate": {"metric": "recall_at_1"}}, "answers with text"),
        (EMBEDDING, {"gate": {"judge": {"model": "amazon.nova-pro-v1:0"}}}, "answers in text"),
    ],
)
def test_texts_are_not_judged_by_vectors(
    aws: FakeAws, call: Call, model_id: str, changes: dict[str, Any], says: str
) -> None:
    aws.on("bedrock:GetFoundationModel", model(model_id))
    values = {"epochCount": "5"}
    with pytest.raises(ModelNotTunable, match=says):
        check(call, base_model=model_id, serving="none", hyperparameters=values, **changes)


JUDGE = {"judge": {"model": "us.amazon.nova-pro-v1:0"}}


def test_a_judge_is_looked_up_before_anything_is_spent(aws: FakeAws, call: Call) -> None:
    aws.on("service-quotas:GetServiceQuota", units(2))
    pro = model("amazon.nova-pro-v1:0", status="LEGACY")
    pro["modelDetails"]["outputModalities"] = ["TEXT"]
    aws.on("bedrock:GetFoundationModel", lambda modelIdentifier: pro if "pro" in modelIdentifier else model())
    assert any(
        "The judge amazon.nova-pro-v1:0 is LEGACY" in told for told in check(call, gate=JUDGE)["warnings"]
    )
    assert aws.made("bedrock:GetFoundationModel")[-1] == {"modelIdentifier": "amazon.nova-pro-v1:0"}
    pro["modelDetails"]["outputModalities"] = ["EMBEDDING"]
    with pytest.raises(ModelNotTunable, match="gives embedding, so it cannot judge"):
        check(call, gate=JUDGE)


def test_a_judge_that_the_region_does_not_have_is_refused(aws: FakeAws, call: Call) -> None:
    def found(modelIdentifier: str) -> Any:
        if "pro" in modelIdentifier:
            raise error("ResourceNotFoundException", "no such model", 404)
        return model()

    aws.on("service-quotas:GetServiceQuota", units(2))
    aws.on("bedrock:GetFoundationModel", found)
    with pytest.raises(ModelNotTunable, match="to judge with") as refusal:
        check(call, gate=JUDGE)
    assert "Region us-east-1" in str(refusal.value)
