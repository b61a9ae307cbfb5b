"""A simulated month of the guardian, and the end of a deployment: in a local cloud of their own.

The clock of Bedrock runs a month ahead and every round of the deployed guardian is given that time, as its
schedule gives it. The second test takes the stacks away, so it is the last one here.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Key

from finetune_cli import surroundings
from finetune_cli.main import main
from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
BASE_UNITS = "L-FE44174A"
"""The quota of model units without commitment for base models: somebody else's endpoint serves one."""
STEP = timedelta(hours=12)
ROUNDS = 62
YEAR = 8760


def _table(pipeline):
    resource = pipeline.session.resource(
        "dynamodb", endpoint_url=pipeline.cloud.endpoint, verify=pipeline.cloud.ca_bundle
    )
    return resource.Table(pipeline.names["ledger-table"])


def _drop(pipeline, serving: str, hours: float = YEAR, **settings) -> str:
    settings = {"base_model": MICRO, "serving": serving, "time_to_live_hours": hours} | settings
    run_json = data.run_file(budget_usd=None, watch={"hours": 0}, **settings)
    return pipeline.drop({"train.jsonl": data.single_turn(), "run.json": run_json})


def _change_run(pipeline, run: dict, **values) -> None:
    _table(pipeline).put_item(Item=run | values)


def _now(pipeline) -> datetime:
    return datetime.fromisoformat(pipeline.admin(command="status")["now"])


def _tags(**tags: str) -> list[dict]:
    marks = {"finetune:pipeline": "local"} | {f"finetune:{name}": value for name, value in tags.items()}
    return [{"key": key, "value": value} for key, value in marks.items()]


class Month:
    """Runs that ended in different ways, and what nobody's run made, side by side in one account."""

    def __init__(self, pipeline) -> None:
        self.pipeline = pipeline
        self.bedrock = pipeline.client("bedrock")
        datasets = {
            "busy": _drop(pipeline, "provisioned_throughput"),
            "idle": _drop(pipeline, "provisioned_throughput"),
            "expired": _drop(pipeline, "provisioned_throughput", hours=48),
            "free": _drop(pipeline, "on_demand"),
        }
        self.runs = {name: pipeline.run(dataset) for name, dataset in datasets.items()}
        assert {run["outcome"] for run in self.runs.values()} == {"Promoted"}, self.runs
        pipeline.admin(command="fail_endpoint", step="provisioned")
        failed = _drop(pipeline, "provisioned_throughput", keep_model=True)
        self.runs["failed"] = pipeline.run(failed)
        self.arns = {name: self.runs[name].get("endpoint_arn") for name in datasets}
        self._buy()
        self._break_ledger()
        self.answers: list[dict] = []

    def _buy(self) -> None:
        """Create endpoints that belong to no run: ours, under commitment, and somebody else's."""
        model = json.loads(self.runs["busy"]["training"])["model_arn"]
        self.pipeline.admin(command="set_quota", code=BASE_UNITS, value=1)
        orders = {
            "orphan": {"tags": _tags(run="nobody-0123456789ab", dataset="nobody")},
            "committed": {
                "tags": _tags(run="nobody-0123456789ab", dataset="nobody"),
                "commitmentDuration": "OneMonth",
            },
            "foreign": {"tags": [{"key": "team", "value": "other"}], "modelId": MICRO},
        }
        for name, order in orders.items():
            made = self.bedrock.create_provisioned_model_throughput(
                **{"modelUnits": 1, "provisionedModelName": f"{name}-endpoint", "modelId": model} | order
            )
            self.arns[name] = made["provisionedModelArn"]
        bought = self.bedrock.get_provisioned_model_throughput(provisionedModelId=self.arns["committed"])
        self.committed_until = bought["commitmentExpirationTime"]
        made = self.bedrock.create_custom_model_deployment(
            modelDeploymentName="orphan-deployment", modelArn=model, tags=orders["orphan"]["tags"]
        )
        self.arns["orphan deployment"] = made["customModelDeploymentArn"]

    def _break_ledger(self) -> None:
        """One run failed and its clean-up missed the model; another's end never came into the ledger."""
        run = self.runs["failed"]
        plan = json.loads(run["plan"])
        plan["settings"]["keep_model"] = False
        models = self.bedrock.list_custom_models()["modelSummaries"]
        (self.arns["model"],) = [each["modelArn"] for each in models if each["modelName"] == run["job_name"]]
        _change_run(self.pipeline, run, plan=json.dumps(plan))
        lost = run | {"run_id": "lost-0123456789ab", "pk": "run#lost-0123456789ab", "status": "RUNNING"}
        lost["execution_arn"] = self.runs["busy"]["execution_arn"]  # it succeeded, so that nobody closes it
        lost_plan = plan | {"run_id": lost["run_id"], "names": dict.fromkeys(plan["names"], "local-lost")}
        _change_run(self.pipeline, lost, plan=json.dumps(lost_plan), dataset="lost")

    def live(self) -> None:
        """Let the month pass: every twelve hours people ask some of the models, and the guardian looks."""
        functions = self.pipeline.client("lambda")
        names = [
            each["FunctionName"]
            for page in functions.get_paginator("list_functions").paginate()
            for each in page["Functions"]
        ]
        (guardian,) = [name for name in names if "GuardEndpoints" in name]
        for _ in range(ROUNDS):
            self.pipeline.admin(command="advance", seconds=STEP.total_seconds())
            moment = _now(self.pipeline) + timedelta(minutes=1)
            for name in ("busy", "expired"):
                self._ask(self.arns[name])
            event = {"time": moment.isoformat()}
            answer = functions.invoke(FunctionName=guardian, Payload=json.dumps(event).encode())
            body = json.loads(answer["Payload"].read())
            assert "FunctionError" not in answer, body
            self.answers.append(body | {"at": moment})

    def _ask(self, arn: str) -> None:
        if arn not in self.gone():
            self.pipeline.client("bedrock-runtime").converse(
                modelId=arn, messages=[{"role": "user", "content": [{"text": "Switch on the lamp"}]}]
            )

    def gone(self) -> dict[str, datetime]:
        """What the guardian has deleted so far, and when."""
        return {arn: each["at"] for each in self.answers for arn in each["deleted"]}

    def there(self) -> set[str]:
        """The ARNs of all endpoints and models that the account still has."""
        endpoints = self.bedrock.list_provisioned_model_throughputs()["provisionedModelSummaries"]
        deployments = self.bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]
        models = self.bedrock.list_custom_models()["modelSummaries"]
        return {
            *(each["provisionedModelArn"] for each in endpoints),
            *(each["customModelDeploymentArn"] for each in deployments),
            *(each["modelArn"] for each in models),
        }


def _actions(pipeline, since: datetime, until: datetime) -> list[dict]:
    """The guardian's items in the ledger, day by day."""
    found, day = [], since
    while day.date() <= until.date():
        key = Key("pk").eq(f"guardian#{day:%Y-%m-%d}")
        found += _table(pipeline).query(KeyConditionExpression=key)["Items"]
        day += timedelta(days=1)
    return found


def test_a_month_of_the_guardian(own_pipeline):
    month = Month(own_pipeline)
    own_pipeline.admin(command="metrics", simulated=True)
    own_pipeline.admin(command="speed", speed=1.0)
    start = _now(own_pipeline)
    month.live()
    end = _now(own_pipeline)

    gone, arns = month.gone(), month.arns
    deleted = {name for name, arn in arns.items() if arn in gone}
    assert deleted == {"idle", "expired", "orphan", "orphan deployment", "model", "committed"}
    assert gone[arns["committed"]] >= month.committed_until  # ours, nobody's: not a day earlier
    assert month.there().isdisjoint(gone)
    assert {arns[name] for name in ("busy", "free", "foreign")} <= month.there()
    assert month.answers[0]["closed"] == ["lost-0123456789ab"]
    lost = _table(own_pipeline).get_item(Key={"pk": "run#lost-0123456789ab", "sk": "run"})["Item"]
    assert lost["status"] == "FAILED"

    actions = _actions(own_pipeline, start, end)
    warned = {
        each["arn"]: datetime.fromisoformat(each["at"]) for each in actions if each["action"] == "warned"
    }
    for name in ("idle", "expired"):  # champions: never without a warning a day before
        assert timedelta(hours=24) <= gone[arns[name]] - warned[arns[name]] <= timedelta(hours=37)
    assert gone[arns["expired"]] - start >= timedelta(hours=48)
    assert arns["committed"] in warned
    assert not {arns[name] for name in ("busy", "foreign", "free")} & {each["arn"] for each in actions}

    kept = {each["arn"]: each for each in actions if each["action"] == "deleted"}
    assert set(kept) == set(gone)
    hourly = json.loads(month.runs["idle"]["price"])["hourly"]
    for name in ("idle", "expired", "orphan"):
        assert kept[arns[name]]["saved_usd_per_day"] == Decimal(str(hourly)) * 24
    uncommitted = {arn: each for arn, each in kept.items() if arn != arns["committed"]}
    saved = sum(
        float(each["saved_usd_per_day"]) / 24 * (end - gone[arn]).total_seconds() / 3600
        for arn, each in uncommitted.items()
    )
    without = 3 * hourly * (end - start).total_seconds() / 3600
    assert 0.8 * without < saved < without
    _tell(month, start, saved, without)
    assert "saves $" in own_pipeline.notice(arns["idle"])["Message"]


def _tell(month: Month, start: datetime, saved: float, without: float) -> None:
    """Print the figures that docs/cost.md quotes (`pytest -s`)."""
    gone = month.gone()
    for name, arn in month.arns.items():
        fate = f"deleted after {(gone[arn] - start) / timedelta(hours=1):.0f} h" if arn in gone else "kept"
        print(f"\n{name}: {fate}", end="")
    print(f"\nsaved ${saved:,.2f} of ${without:,.2f}; meter: {month.answers[-1]['spent_usd_this_month']}")


def test_destroy_names_what_is_outside_the_stacks_and_takes_all_of_it_away(own_pipeline, monkeypatch, capsys):
    """Commitments end first: the clock is moved past what the month before may have left."""
    own_pipeline.admin(command="speed", speed=1000.0)
    own_pipeline.admin(command="advance", seconds=timedelta(days=40).total_seconds())
    cloud = own_pipeline.cloud
    monkeypatch.setattr(surroundings.local_state, "read", lambda: cloud)
    monkeypatch.setattr(surroundings, "_local_cloud", lambda: cloud)
    monkeypatch.setattr(surroundings, "adopt", lambda environment: _adopt(monkeypatch, environment))
    dataset = _drop(own_pipeline, "provisioned_throughput")
    assert own_pipeline.run(dataset)["outcome"] == "Promoted"
    _buy_commitment(own_pipeline)
    assert main(["destroy", "--env", "local", "--yes"]) == 1
    assert "commitment" in capsys.readouterr().err
    assert len(own_pipeline.billable(dataset)) == 2
    own_pipeline.admin(command="advance", seconds=timedelta(days=31).total_seconds())

    own_pipeline.admin(command="stall_job", stage="training", begun=True)
    stalled = _drop(own_pipeline, "on_demand")
    own_pipeline.await_(lambda: own_pipeline.billable(stalled), "job of the stalled run")

    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert main(["destroy", "--env", "local"]) == 1
    listed = capsys.readouterr().out
    for words in (
        "customization job",
        "provisioned throughput",
        "custom model",
        "stack Finetune-local-Storage",
    ):
        assert words in listed
    assert main(["destroy", "--env", "local", "--yes"]) == 0
    assert not own_pipeline.billable(dataset) + own_pipeline.billable(stalled)
    stacks = own_pipeline.client("cloudformation").describe_stacks()["Stacks"]
    left = {each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"}
    assert not [name for name in left if name.startswith("Finetune-")]


def _adopt(monkeypatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def _buy_commitment(pipeline) -> None:
    bedrock = pipeline.client("bedrock")
    model = bedrock.list_custom_models()["modelSummaries"][0]["modelArn"]
    bedrock.create_provisioned_model_throughput(
        modelUnits=1,
        provisionedModelName="committed-until-later",
        modelId=model,
        commitmentDuration="OneMonth",
        tags=_tags(run="nobody-0123456789ab", dataset="nobody"),
    )
