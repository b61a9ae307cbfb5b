"""The link of one question, signed; none where the environment has no links, or KMS does not sign."""

from __future__ import annotations

import time

from finetune_aws.environment import Environment
from finetune_aws.signing import sign
from finetune_aws.telemetry import logger
from finetune_core.approval_links import ApprovalLink, token_digest
from finetune_core.approvals import Question
from finetune_core.errors import FinetuneError


def signed_link(
    environment: Environment, run_id: str, question: Question, *, token: str, seconds: int
) -> str:
    """Return the link, valid for ``seconds``; "" where there is none.

    A failure to sign is logged and no more: the question is asked all the same, with the commands.
    """
    if not environment.link_key or not environment.link_address:
        return ""
    expires = int(time.time()) + seconds
    link = ApprovalLink(run_id=run_id, question=question, expires=expires, digest=token_digest(token))
    try:
        return link.url(environment.link_address, sign(environment.link_key, link.text()))
    except FinetuneError as error:
        logger.error("the question is asked without a link", extra={"error": str(error)})
        return ""
