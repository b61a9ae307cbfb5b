"""The one place where an AWS failure becomes an error of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)

from finetune_core.errors import (
    AccessDenied,
    Conflict,
    FinetuneError,
    NotFound,
    QuotaTooLow,
    RequestInvalid,
    ServiceUnavailable,
    Throttled,
)

_THROTTLED: Final = {
    "Throttling",
    "ThrottlingException",
    "Throttled",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "RequestThrottled",
    "SlowDown",
    "ModelNotReadyException",
}
_UNAVAILABLE: Final = {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ModelTimeoutException",
    "ModelErrorException",
    "RequestTimeout",
    "InternalServiceFault",
    "ServiceException",
}
_DENIED: Final = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "KMS.AccessDeniedException",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_NOT_FOUND: Final = {
    "404",
    "ExecutionDoesNotExist",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchResourceException",
    "NoSuchUpload",
    "NoSuchVersion",
    "NotFound",
    "NotFoundException",
    "ParameterNotFound",
    "ResourceNotFound",
    "ResourceNotFoundException",
}
_CONFLICT: Final = {
    "ConditionalCheckFailedException",
    "ConflictException",
    "OperationAborted",
    "ResourceConflictException",
    "ResourceInUseException",
    "TransactionConflictException",
}
_QUOTA: Final = {"LimitExceededException", "ServiceQuotaExceededException", "QuotaExceededException"}
_KINDS: Final[tuple[tuple[type[FinetuneError], str, set[str], range], ...]] = (
    (Throttled, "It is tried again with pauses.", _THROTTLED, range(429, 430)),
    (
        QuotaTooLow,
        "Ask for a higher value under Service Quotas, Amazon Bedrock, in this Region.",
        _QUOTA,
        range(0),
    ),
    (NotFound, "Check the name and the Region.", _NOT_FOUND, range(0)),
    (Conflict, "Wait until the running change is over.", _CONFLICT, range(0)),
    (
        AccessDenied,
        "Allow {call} to the caller's role; look for denials by the organisation too.",
        _DENIED,
        range(403, 404),
    ),
    (ServiceUnavailable, "It is tried again with pauses.", _UNAVAILABLE, range(500, 600)),
)
"""Kind, remedy, error codes, HTTP statuses; the first row that fits wins."""


@contextmanager
def translated(call: str, subject: str = "") -> Iterator[None]:
    """Raise an error of ``finetune_core.errors`` for whatever AWS answers inside the block.

    Args:
        call: the call as IAM spells it, for example ``bedrock:GetFoundationModel``.
        subject: what it was about: a model, key, table or ARN.
    """
    try:
        yield
    except ClientError as error:
        raise from_client_error(error, call, subject) from error
    except ParamValidationError as error:
        raise RequestInvalid(
            f"{call} was given a malformed request: {error}",
            where=subject,
            remedy="This is a defect of the pipeline: report it with this text.",
        ) from error
    except NoCredentialsError as error:
        raise AccessDenied(
            f"{call} found no credentials", where=subject, remedy="Run with a role or a profile."
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise ServiceUnavailable(
            f"{call} got no answer: {error}", where=subject, remedy="It is tried again."
        ) from error
    except BotoCoreError as error:
        raise RequestInvalid(
            f"{call} could not be made: {error}", where=subject, remedy="Check Region and credentials."
        ) from error


def from_client_error(error: ClientError, call: str, subject: str) -> FinetuneError:
    """Return the pipeline's error for a ``ClientError``: kind by error code, then by HTTP status."""
    code = error.response.get("Error", {}).get("Code", "Unknown")
    message = error.response.get("Error", {}).get("Message", "") or "no message"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind, remedy = _kind(code, status, call)
    return kind(f"{call} failed with {code}: {message}", where=subject, remedy=remedy)


def _kind(code: str, status: int, call: str) -> tuple[type[FinetuneError], str]:
    return next(
        (
            (kind, remedy.format(call=call))
            for kind, remedy, codes, statuses in _KINDS
            if code in codes or status in statuses
        ),
        (RequestInvalid, "Correct what the message names."),
    )
