"""The one error that our Bedrock answers with."""

from __future__ import annotations


class BedrockError(Exception):
    """An error answer of the API.

    Args:
        code: exception shape in botocore's model, for example ``ValidationException``.
        message: text for the caller.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def invalid(message: str) -> BedrockError:
    """Return a ValidationException."""
    return BedrockError("ValidationException", message)


def not_found(message: str) -> BedrockError:
    """Return a ResourceNotFoundException."""
    return BedrockError("ResourceNotFoundException", message)


def conflict(message: str) -> BedrockError:
    """Return a ConflictException."""
    return BedrockError("ConflictException", message)


def over_quota(message: str) -> BedrockError:
    """Return a ServiceQuotaExceededException."""
    return BedrockError("ServiceQuotaExceededException", message)
