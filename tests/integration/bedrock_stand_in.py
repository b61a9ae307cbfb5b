"""A stand-in for our Bedrock with which the emulator layer is tested alone.

It keeps jobs, models and tags in memory; a job's name decides its fate (`fails…`, `never…`, else it completes
after a simulated hour).
"""

from __future__ import annotations

import json
import re
from typing import Any

from finetune_local.bedrock.authorization import Permission


class StandIn:
    def __init__(self, *, clock: Any, service_role_session: Any, put_event: Any, put_metric: Any) -> None:
        self.clock = clock
        self.service_role_session = service_role_session
        self.put_event = put_event
        self.put_metric = put_metric
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self.calls: list[str] = []

    def handle(  # noqa: PLR0917 - the interface of our Bedrock
        self,
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        *,
        account: str,
        region: str,
        caller_arn: str,
    ) -> tuple[int, dict[str, str], bytes]:
        members = json.loads(body or b"{}")
        self.calls.append(f"{account} {method} {path} {caller_arn}")
        status, answer = self._answer(method, path, members, account, region)
        kind = {"x-amzn-errortype": answer.pop("error")} if "error" in answer else {}
        return status, {"Content-Type": "application/json", **kind}, json.dumps(answer).encode()

    def permissions(  # noqa: PLR0917 - the interface of our Bedrock
        self,
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        *,
        account: str,
        region: str,
    ) -> list[Permission]:
        if path != "/model-customization-jobs":
            match = re.fullmatch(r"/model-customization-jobs/(.+?)(/stop)?", path)
            verb = "Stop" if match and match[2] else "Get"
            return [Permission(f"bedrock:{verb}ModelCustomizationJob", match[1])] if match else []
        members = json.loads(body)
        tags = {tag["key"]: tag["value"] for tag in members.get("jobTags", [])}
        job = f"arn:aws:bedrock:{region}:{account}:model-customization-job/base/0"
        return [
            Permission("bedrock:CreateModelCustomizationJob", job, tags),
            Permission("iam:PassRole", members["roleArn"]),
        ]

    def resource_tags(self, account: str, region: str, arn: str) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in self.tags.get(arn, [])}

    def close(self) -> None:
        pass

    def admin(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["command"] == "use_role":
            return self._use_role(**command["members"])
        if command["command"] == "metric":
            self.put_metric(*command["members"], self.clock.now())
            return {}
        if command["command"] == "quotas":
            return {"quotas": {"L-BE77399C": {"name": "Model units", "value": 0, "adjustable": True}}}
        return {"calls": [call for call in self.calls if call.startswith(command["account"])]}

    def _answer(
        self, method: str, path: str, members: dict[str, Any], account: str, region: str
    ) -> tuple[int, dict[str, Any]]:
        if path == "/model-customization-jobs" and method == "POST":
            return self._create(members, account, region)
        if match := re.fullmatch(r"/model-customization-jobs/(.+?)(/stop)?", path):
            return self._job(match[1], account, stop=bool(match[2]))
        if path == "/provisioned-model-throughput":
            return 400, {"error": "ServiceQuotaExceededException", "message": "no model units"}
        return 404, {"error": "ResourceNotFoundException", "message": f"no {path}"}

    def _create(self, members: dict[str, Any], account: str, region: str) -> tuple[int, dict[str, Any]]:
        name = members["jobName"]
        arn = f"arn:aws:bedrock:{region}:{account}:model-customization-job/base/{len(self.jobs):012d}"
        job = {key: members[key] for key in ("jobName", "roleArn", "hyperParameters") if key in members}
        self.jobs[arn] = {
            **job,
            "jobArn": arn,
            "status": "InProgress",
            "creationTime": self.clock.now().isoformat(),
            "due": self.clock.monotonic() + 3600,
        }
        self.tags[arn] = members.get("jobTags", [])
        detail = {"jobName": name, "jobArn": arn, "jobStatus": "InProgress"}
        self.put_event(account, region, "aws.bedrock", "Model Customization Job State Change", detail)
        return 201, {"jobArn": arn}

    def _job(self, identifier: str, account: str, *, stop: bool) -> tuple[int, dict[str, Any]]:
        named = (job for job in self.jobs.values() if identifier in (job["jobArn"], job["jobName"]))
        job = next((job for job in named if f":{account}:" in job["jobArn"]), None)
        if job is None:
            return 404, {"error": "ResourceNotFoundException", "message": f"no job {identifier}"}
        if stop:
            job["status"] = "Stopped"
            return 200, {}
        if job["status"] == "InProgress" and self.clock.monotonic() >= job["due"]:
            if job["jobName"].startswith("fails"):
                job.update(status="Failed", failureMessage="the data is bad")
            elif not job["jobName"].startswith("never"):
                job["status"] = "Completed"
        return 200, {key: value for key, value in job.items() if key != "due"}

    def _use_role(self, role: str, source: str, account: str, bucket: str) -> dict[str, Any]:
        try:
            session = self.service_role_session(role, source, account, "us-east-1")
            listed = session.client("s3").list_objects_v2(Bucket=bucket)
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}
        return {"keys": [found["Key"] for found in listed.get("Contents", [])]}
