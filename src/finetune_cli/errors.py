"""What a command says when it cannot do its work, and the exit codes that go with it.

0  fine: the command did what was asked and the answer is yes
1  the answer is no: invalid data, a run that was not promoted
2  wrong usage or broken surroundings: unknown file, no credentials, nothing deployed
"""

from __future__ import annotations

OK = 0
NO = 1
BROKEN = 2
INTERRUPTED = 130


class CommandError(Exception):
    """One message for the person at the terminal: what is wrong, where, and what to do about it."""

    def __init__(self, what: str, *, where: str = "", do: str = "", code: int = BROKEN) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.do = do
        self.code = code

    def as_dict(self) -> dict[str, str]:
        """The same message for `--json`: keys `error`, `where`, `do`; empty ones left out."""
        parts = {"error": self.what, "where": self.where, "do": self.do}
        return {key: text for key, text in parts.items() if text}


def explain(error: BaseException, *, env: str = "", region: str = "") -> CommandError:
    """Turn what was raised into a message. botocore's errors are told by class name: nothing is imported."""
    place = " · ".join(part for part in (f"environment {env}" if env else "", region) if part)
    if isinstance(error, CommandError):
        return error
    if hasattr(error, "remedy"):  # finetune_core.errors.FinetuneError
        what, where = str(getattr(error, "what", error)), str(getattr(error, "where", ""))
        return CommandError(what, where=where, do=str(error.remedy), code=NO)
    if hasattr(error, "response"):
        return _explain_answer(error, place)
    return _explain_connection(error, env, place) or _explain_system(error, place)


def _explain_connection(error: BaseException, env: str, place: str) -> CommandError | None:
    """No way to AWS: credentials, profile, network. None when it is something else."""
    name = type(error).__name__
    if name in {"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError", "SSOTokenLoadError"}:
        return CommandError(
            "There are no usable AWS credentials.",
            where=place,
            do="Log in (for example `aws sso login`) and set AWS_PROFILE, or try `--env local`.",
        )
    if name == "ProfileNotFound":
        do = "Name a profile that `aws configure list-profiles` shows."
        return CommandError(str(error), where="AWS_PROFILE", do=do)
    if name in {"EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "SSLError"}:
        do = (
            "Start it again: `finetune local up`."
            if env == "local"
            else "Check the network and the Region's name."
        )
        return CommandError(f"AWS cannot be reached: {error}", where=place, do=do)
    if name == "LocalCloudError":
        return CommandError(
            str(error), where="the local cloud", do="Start it anew: `finetune local down`, then `up`."
        )
    return None


def _explain_answer(error: BaseException, place: str) -> CommandError:
    """An answer of AWS that is an error: its code and message, and the operation that got it."""
    answer = getattr(error, "response", {}).get("Error", {})
    code, message = answer.get("Code", type(error).__name__), answer.get("Message", str(error))
    operation = getattr(error, "operation_name", "a request")
    do = "Read the message above; `--debug` shows where it came from."
    if "AccessDenied" in code or "NotAuthorized" in code:
        do = f"Ask for the right to call {operation}, or use a profile that has it."
    elif code in {
        "ExpiredToken",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    }:
        do = "Log in again and repeat the command."
    return CommandError(f"AWS refused {operation}: {code}: {message}", where=place, do=do)


def _explain_system(error: BaseException, place: str) -> CommandError:
    """A file that is not there, a full disk; and whatever nobody foresaw."""
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        return CommandError(f"{error.strerror}: {error.filename}", do="Check the path.")
    if isinstance(error, OSError):
        return CommandError(
            f"The system refused: {error}", where=place, do="`--debug` shows where it came from."
        )
    return CommandError(
        f"Unexpected {type(error).__name__}: {error}",
        where=place,
        do="This is a defect of the command: run it again with --debug and report the traceback.",
    )
