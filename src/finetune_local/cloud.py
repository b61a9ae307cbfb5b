"""Everything that this project puts into the emulator, put together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime

from finetune_local import data_keys, price_list
from finetune_local.bedrock_gateway import Bedrock, BedrockGateway
from finetune_local.call_faults import CallFaults
from finetune_local.clock import Clock
from finetune_local.executions import Executions
from finetune_local.hooks import events, function_urls, functions, gateway, objects, states
from finetune_local.identity import Identity
from finetune_local.service_quotas import ServiceQuotas
from finetune_local.sessions import REGION, LocalSession
from finetune_local.state_faults import StateFaults
from finetune_local.targets import Targets
from finetune_local.tasks import ServiceTasks
from finetune_local.values import Json, Untyped

_TICK_SECONDS = 1.0


class Cloud:
    """The local cloud inside the server process."""

    def __init__(self, *, endpoint_url: str, ca_bundle: str, clock: Clock, make_bedrock: Untyped) -> None:
        self._clock = clock
        self._endpoint_url = endpoint_url
        self.identity = Identity(endpoint_url=endpoint_url, ca_bundle=ca_bundle)
        self.bedrock: Bedrock = make_bedrock(
            clock=clock,
            service_role_session=self.service_role_session,
            put_event=_put_event,
            put_metric=_put_metric,
        )
        self._targets = Targets(self.identity)
        self._call_faults = CallFaults(clock)
        self._state_faults = StateFaults()
        self._executions = Executions(clock=clock, identity=self.identity)
        self._commands: dict[str, Callable[[Json], Json]] = {
            "status": self._status,
            "enforce": self._enforce,
            "advance": self._advance,
            "speed": self._speed,
            "metrics": self._metrics,
            "refusals": self._refusals,
            "call_fault": self._call_faults.order,
            "call_faults": self._call_faults.listed,
            "release": self._call_faults.release,
            "state_fault": self._state_faults.order,
            "state_faults": self._state_faults.listed,
            "time_out": self._time_out,
        }

    def install(self) -> None:
        """Put all parts into the emulator; IAM is enforced from the first request on."""
        self._executions.install()
        tasks = ServiceTasks(clock=self._clock, executions=self._executions, faults=self._state_faults)
        states.replace_tasks(tasks)
        states.complete_language()
        functions.report_error_types()
        functions.judge_creations_by_name()
        functions.unpack_code_once()
        function_urls.serve_on(self._endpoint_url)
        objects.serve_ranges_of_versions()
        functions.pause_in_simulated_time(self._clock.speed)
        self._targets.install()
        events.tick_schedules_every(_TICK_SECONDS)
        BedrockGateway(self.bedrock).install()
        ServiceQuotas(self._quotas).install()
        price_list.install()
        data_keys.install()
        self._call_faults.install()
        gateway.set_enforcement(True)

    def service_role_session(
        self, role_arn: str, source_arn: str, account: str, region: str = REGION
    ) -> LocalSession:
        """Return a session in which Bedrock acts under a role for one of its resources (`source_arn`).

        Raises AssumeRoleRefusedError when the role's trust policy does not let Bedrock in.
        """
        with gateway.as_tenant(account, region):
            return self.identity.assume(
                role_arn,
                service="bedrock.amazonaws.com",
                source_arn=source_arn,
                account=account,
                region=region,
            )

    def command(self, order: Json) -> Json:
        """Obey an order of the operator: {"command": name, …}; raise ValueError if it is malformed.

        Commands: status, enforce(on), advance(seconds), speed(speed), metrics(simulated: store data points
        at their simulated times), refusals(account), time_out(execution), those of
        `finetune_local.call_faults` and `finetune_local.state_faults`, and those of
        `finetune_local.bedrock.admin`.
        """
        members = dict(order)
        name = members.pop("command", None)
        if name in self._commands:
            return self._commands[name](members)
        if name == "clear_faults":
            self._call_faults.clear()
            self._state_faults.clear()
        return self.bedrock.admin(order)

    def _quotas(self, account: str, region: str) -> Json:
        quotas: Json = self.bedrock.admin({"command": "quotas", "account": account, "region": region})[
            "quotas"
        ]
        return quotas

    def _status(self, members: Json) -> Json:
        del members
        return {
            "pid": os.getpid(),
            "endpoint": self._endpoint_url,
            "enforcement": gateway.enforcement(),
            "speed": self._clock.speed,
            "now": self._clock.now().isoformat(),
        }

    def _enforce(self, members: Json) -> Json:
        gateway.set_enforcement(bool(members["on"]))
        return {"enforcement": gateway.enforcement()}

    def _advance(self, members: Json) -> Json:
        self._clock.advance(float(members["seconds"]))
        return {"now": self._clock.now().isoformat()}

    def _time_out(self, members: Json) -> Json:
        account = str(members["execution"]).split(":")[4]
        with gateway.as_tenant(account, REGION):
            return self._executions.time_out(members)

    def _speed(self, members: Json) -> Json:
        self._clock.set_speed(float(members["speed"]))
        return {"speed": self._clock.speed}

    def _metrics(self, members: Json) -> Json:
        events.set_metrics_clock(simulated=bool(members["simulated"]))
        return {}

    def _refusals(self, members: Json) -> Json:
        account = members.get("account")
        return {"refusals": [r for r in self._targets.refusals if account in (None, r["account"])]}


def _put_event(account: str, region: str, source: str, detail_type: str, detail: Json) -> None:
    resources = [detail["jobArn"]] if "jobArn" in detail else []
    with gateway.as_tenant(account, region):
        events.put_event(source, detail_type, json.dumps(detail), resources)


def _put_metric(  # noqa: PLR0917 - the interface agreed with our Bedrock
    account: str,
    region: str,
    namespace: str,
    name: str,
    dimensions: dict[str, str],
    value: float,
    timestamp: datetime,
) -> None:
    with gateway.as_tenant(account, region):
        events.put_metric(namespace, name, dimensions, value, timestamp)
