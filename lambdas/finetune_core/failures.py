"""Translates what Bedrock says when a job or endpoint fails into cause and remedy.

The service's own sentence is always kept whole as evidence; one that no rule knows is flagged as such.
Rules rest on the Bedrock user guide's page "Troubleshooting model customization issues"
(https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html, read 2026-11-23) and
on the public issue threads named beside each.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from finetune_core.quota_codes import PAGE


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What a failure message means; ``known`` is False when no rule fitted."""

    cause: str
    evidence: str
    remedy: str
    known: bool

    def __str__(self) -> str:
        """Return cause and evidence; the remedy goes into the error's own field."""
        return f'{self.cause} Bedrock said: "{self.evidence}"'


class _Rule(Struct, frozen=True):
    pattern: re.Pattern[str]
    cause: str
    remedy: str


def _rule(pattern: str, cause: str, remedy: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), cause, remedy)


_RULES: Final = (
    _rule(
        r"explicit deny|service control policy",
        "A policy of the organisation denies the call.",
        "Ask the organisation's administrators to allow it for this account and Region.",
    ),  # aws-samples/amazon-bedrock-workshop#233
    _rule(
        r"is not authorized to perform: (?!sts:AssumeRole)",
        "A role of the pipeline lacks a permission, which the message names.",
        "Deploy the stacks again; then look for a permissions boundary or a policy of the organisation.",
    ),
    _rule(
        r"assume.{0,40}role|role.{0,60}(cannot|could not|can't|unable to|not).{0,20}be assumed",
        "Bedrock could not assume the customization role.",
        "Deploy the pipeline stack again: its role trusts bedrock.amazonaws.com for this account's jobs.",
    ),  # aws-samples/amazon-bedrock-workshop#367
    _rule(
        r"kms|customer.managed key|decrypt",
        "The customization role may not use the key of a bucket or of the model.",
        "Give the role kms:Decrypt, kms:GenerateDataKey, kms:DescribeKey and kms:CreateGrant on the key.",
    ),
    _rule(
        r"(could not|unable to|failed to).{0,40}(getobject|putobject|listbucket|access).{0,80}(s3|bucket)"
        r"|access denied.{0,80}(s3|bucket)|(getobject|putobject|listbucket) permissions",
        "The customization role cannot read the training data or write its output, "
        "or the bucket is in another Region.",
        "Check the role's s3:GetObject, s3:PutObject and s3:ListBucket on the data and artifacts buckets, "
        "and that both are in the job's Region.",
    ),
    _rule(
        r"should be a file, not a directory|invalid.{0,30}input data config",
        "The training data's URI does not name a file.",
        "Run again; if it repeats, report it as a defect of the pipeline.",
    ),
    _rule(
        r"(token|sample|record|input).{0,60}(exceed|longer than|above|too long).{0,40}(limit|max|token)"
        r"|exceeds.{0,40}token",
        "A record is longer than the base model takes.",
        "Shorten or split the long records; the validation report lists the longest ones.",
    ),  # aws-samples/amazon-bedrock-workshop#224, #270
    _rule(
        r"(number of|total|count of).{0,40}(record|sample|line|prompt)s?"
        r"|(record|sample)s?.{0,40}(less than|fewer than|more than|minimum|maximum|at least|at most)"
        r"|(too few|too many|not enough).{0,20}(record|sample)",
        "The dataset has fewer or more records than the base model takes.",
        "Add or remove records to stay within the limits that the validation report names.",
    ),
    _rule(
        r"reserved (string|word|token|keyword)|forbidden (string|token|keyword)",
        "A record holds a string that the base model reserves for itself.",
        "Remove the reserved string; the validation report names the lines.",
    ),
    _rule(
        r"(invalid|malformed|not valid|unable to parse|failed to parse|incorrect).{0,60}"
        r"(json|format|schema|dataset|record|line)|key .{0,40}(missing|not found)|unsupported format",
        "The base model refused the format of a record.",
        "Compare the record with the format that the validation report names for this base model.",
    ),
    _rule(
        r"hyper ?parameter|learning ?rate|epoch ?count|batch ?size",
        "A hyperparameter is outside of what the base model takes.",
        "Correct it in run.json; `finetune models` lists names and ranges.",
    ),
    _rule(
        r"model units?|quota|limit exceeded|no capacity|capacity",
        "The account has no quota, or the Region no capacity, for what was asked.",
        "Ask for the quota under Service Quotas, Amazon Bedrock; or serve on demand where possible.",
    ),
    _rule(
        r"throttl|too many requests|status code: 429",
        "Bedrock throttled the account longer than the run waits.",
        "Drop the data again later; look for other work in this account and Region. Rates are quotas too: "
        f"{PAGE}",
    ),
    _rule(
        r"internal (error|failure|server)|unexpected error|try again|status code: 5\d\d",
        "Bedrock failed on its own side, or hides a permission problem behind a general sentence.",
        "Drop the data again for a new run; if it fails alike, check the role's rights on buckets and key, "
        "then open a case with AWS Support naming the job's ARN.",
    ),
)

_UNKNOWN: Final = "No rule of this pipeline knows this failure."
_UNKNOWN_REMEDY: Final = "Read the service's own sentence; open a case with AWS Support naming the ARN."
_SILENT: Final = "the service gave no reason"


def diagnose(message: str | None) -> Diagnosis:
    """Return cause, evidence and remedy for a service's failure message (None or empty: it gave none)."""
    evidence = (message or "").strip() or _SILENT
    for rule in _RULES:
        if rule.pattern.search(evidence):
            return Diagnosis(cause=rule.cause, evidence=evidence, remedy=rule.remedy, known=True)
    return Diagnosis(cause=_UNKNOWN, evidence=evidence, remedy=_UNKNOWN_REMEDY, known=False)
