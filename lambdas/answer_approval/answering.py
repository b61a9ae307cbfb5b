"""From a request to a page: is the link signed, is its question open, and what does the form say?"""

from __future__ import annotations

import hmac
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

from msgspec import Struct

from answer_approval import pages
from answer_approval.requests import Answer, Refused, Request, read_answer, read_request
from finetune_aws.executions import complete_task
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_aws.signing import is_signed
from finetune_aws.telemetry import logger
from finetune_core.approval_links import ApprovalLink, read_link, token_digest
from finetune_core.contracts import Plan, Preflight, Shape, Validation, read
from finetune_core.costs import Price
from finetune_core.errors import FinetuneError

Response = dict[str, Any]


class Desk(Struct, frozen=True, kw_only=True):
    """Where links are brought: the ledger, the key that signed them, and the time."""

    ledger: Ledger
    key: str
    now: datetime

    def respond(self, event: dict[str, Any]) -> Response:
        """Return the page for one request; whatever goes wrong is a page with its status, too."""
        try:
            request = read_request(event)
            response = self._answer(request) if request.method == "POST" else self._show(request)
        except Refused as refused:
            response = pages.refusal(refused)
        except FinetuneError as error:
            logger.error(str(error), extra={"error": type(error).__name__})
            response = pages.failure()
        source = event["requestContext"]["http"]["sourceIp"]
        logger.info("responded", extra={"status": response["statusCode"], "source": source})
        return response

    def _show(self, request: Request) -> Response:
        """Show the question. Changes nothing."""
        link = self._signed(request)
        return _question(link, self._waiting(link), HTTPStatus.OK)

    def _answer(self, request: Request) -> Response:
        link = self._signed(request)
        run = self._waiting(link)
        answer = read_answer(request.form)
        if isinstance(answer, str):
            return _question(link, run, HTTPStatus.UNPROCESSABLE_ENTITY, problem=answer)
        if not complete_task(run["task_token"], self._output(answer, request.source)):
            _closed(link)
        logger.info("answered", extra={"run_id": link.run_id, "decision": answer.decision})
        return pages.thanks(link.run_id, answer.decision, answer.name)

    def _signed(self, request: Request) -> ApprovalLink:
        """Return the link of the request; raises Refused unless it is whole, in time and ours.

        A link that cannot be ours costs no call to AWS.
        """
        found = read_link(request.parameters)
        if found is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "This is no link of ours.", "Open the link as it came.")
        link, signature = found
        if self.now.timestamp() >= link.expires:
            raise Refused(HTTPStatus.GONE, "This link has expired.", _look(link))
        if not is_signed(self.key, link.text(), signature):
            raise Refused(HTTPStatus.FORBIDDEN, "This link has been changed.", "Open the link as it came.")
        return link

    def _waiting(self, link: ApprovalLink) -> Item:
        """Return the run's item while it waits with the token that the link was made for."""
        run = self.ledger.run(link.run_id)
        if run is None:
            raise Refused(
                HTTPStatus.NOT_FOUND,
                f"There is no run {link.run_id}.",
                "Somebody has removed it from the ledger.",
            )
        token = str(run.get("task_token") or "")
        asked = run.get("status") == "RUNNING" and run.get("phase") == "approve" and token
        if not asked or not hmac.compare_digest(token_digest(token), link.digest):
            _closed(link)
        return run

    def _output(self, answer: Answer, source: str) -> dict[str, str]:
        """Return what the waiting state takes, in the shape that `finetune approve` gives it."""
        return {
            "decision": answer.decision,
            "by": answer.name,
            "at": self.now.isoformat(timespec="seconds"),
            "reason": answer.reason,
            "identity": f"signed link, opened from {source}",
        }


def _question(link: ApprovalLink, run: Item, status: HTTPStatus, problem: str = "") -> Response:
    def part(name: str, shape: type[Shape]) -> Shape:
        return read(json_attribute(run, name), shape, where=f"ledger: {name} of {link.run_id}")

    plan, price = part("plan", Plan), part("price", Price)
    preflight, validation = part("preflight", Preflight), part("validation", Validation)
    return pages.question(link, plan, preflight, validation, price, status=status, problem=problem)


def _closed(link: ApprovalLink) -> NoReturn:
    raise Refused(
        HTTPStatus.GONE,
        f"Run {link.run_id} no longer waits for this answer: it was given already, was taken back, "
        "or comes too late.",
        _look(link),
    )


def _look(link: ApprovalLink) -> str:
    return f"See where the run is: finetune status {link.run_id}"
