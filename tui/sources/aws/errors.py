"""What boto3 raises, in sagetop's words: what failed, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tui.model.clean import clean
from tui.sources.base import (
    Broken,
    Denied,
    Expired,
    NoCredentials,
    NotFound,
    Refused,
    SourceError,
    Throttled,
    Unreachable,
)

# Codes without the "Exception" that some services put behind them.
_THROTTLED = {
    *("Throttling", "Throttled", "RequestThrottled", "TooManyRequests", "RequestLimitExceeded", "LimitExceeded"),
    *("SlowDown", "ProvisionedThroughputExceeded", "BandwidthLimitExceeded"),
}
_EXPIRED = {"ExpiredToken", "RequestExpired", "TokenRefreshRequired"}
_BAD_KEYS = {
    *("InvalidClientTokenId", "UnrecognizedClient", "InvalidAccessKeyId", "InvalidToken", "AuthFailure"),
    *("InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken"),
}
_CLOCK = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_DENIED = {"AccessDenied", "UnauthorizedOperation", "Unauthorized", "NotAuthorized", "Forbidden", "OptInRequired"}
_NOT_FOUND = {"ResourceNotFound", "ObjectNotFound", "NoSuchEntity"}
_INVALID = {"Validation", "ValidationError"}
_GONE = re.compile(r"could not find|not found|does(?:n't| not) exist", re.IGNORECASE)
_PERMISSION = re.compile(r"not authorized to perform:?\s+([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
_IAM = {"sagemaker-runtime": "sagemaker"}

_SECRETS = (
    (re.compile(r"\b(A[KS]IA)[A-Z0-9]{8,}"), r"\1…"),
    (re.compile(r"(://)[^/@\s\"']+@"), r"\1"),
    (re.compile(r"(?i)(\b(?:secret\w*|token|password|authorization|signature|credential)\s*[=:]\s*)\S+"), r"\1…"),
    (re.compile(r"(?i)(encoded authorization failure message: ).*", re.DOTALL), r"\1…"),
    (re.compile(r"[A-Za-z0-9+/=_-]{120,}"), "…"),
)
_LONGEST = 600


class GaveUp(Exception):
    """The time for one request is used up, retries included."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"gave up after {seconds:.0f} s without an answer")


class CutShort(Exception):
    """An answer was cut off, or is no answer of AWS, each time it was asked for."""


class NotLoopback(Exception):
    """A request of the demo was about to leave this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(f"refused to send anything to {host}: the demo stays on this machine")


def one_line(text: object) -> str:
    """A message fit for one line of a terminal, without anything that looks like a secret."""
    line = " ".join(clean(str(text)).split())
    for pattern, replacement in _SECRETS:
        line = pattern.sub(replacement, line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def translate(
    error: Exception,
    *,
    service: str = "",
    operation: str = "",
    profile: str | None = None,
    keys_from: Callable[[], str] | None = None,
) -> SourceError:
    """The SourceError that stands for what boto3 raised.

    Args:
        error: What was caught; a SourceError is returned as it is.
        service: The service's name in boto3.
        operation: The operation as AWS writes it.
        profile: The profile that the person named, for the hint.
        keys_from: Says where the keys come from (`env`, `sso`, …); asked only where the hint needs it.
    """
    if isinstance(error, SourceError):
        return error
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    asked = f"{service} {operation}".strip() or "AWS"
    if isinstance(error, ClientError):
        return _answered(error, asked, service, operation or error.operation_name, profile, keys_from)
    if isinstance(error, GaveUp):
        return Unreachable(f"{asked}: {error}", "check the network and the region, or allow more with --timeout")
    if isinstance(error, NotLoopback):
        return Refused(one_line(error))
    if isinstance(error, CutShort):
        return Broken(f"{asked}: half an answer, or none of AWS", "try again, or check --endpoint-url")
    if isinstance(error, ResponseParserError):
        return Broken(f"{asked}: an answer that cannot be read: {one_line(error)}", "check --endpoint-url")
    if isinstance(error, BotoCoreError):
        return _not_answered(error, asked, profile, keys_from)
    if isinstance(error, RuntimeError) and "credentials" in str(error).lower():
        return Expired(one_line(error), _login(profile, keys_from))
    return Broken(f"{asked}: {type(error).__name__}: {one_line(error)}")


def _answered(
    error: Any,
    asked: str,
    service: str,
    operation: str,
    profile: str | None,
    keys_from: Callable[[], str] | None,
) -> SourceError:
    """AWS answered, with an error."""
    code = (
        str(error.response.get("Error", {}).get("Code", ""))
        .rsplit("#", 1)[-1]
        .split(":", 1)[0]
        .removesuffix("Exception")
    )
    said = one_line(error.response.get("Error", {}).get("Message") or code)
    http = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED:
        return Expired(f"the credentials have expired ({code})", _login(profile, keys_from))
    if code in _CLOCK or (code in _BAD_KEYS and "expired" in said.lower()):
        return NoCredentials(f"AWS refused the time of the request ({code})", "set this machine's clock")
    if code in _BAD_KEYS:
        # AWS's own message may quote the signed request, session token included.
        return NoCredentials(f"AWS does not know these keys ({code})", "check the keys, the profile and the region")
    if code in _THROTTLED or http == 429:
        return Throttled(f"{asked} is throttled: {said}", "ask less often, or raise the quota")
    if code in _NOT_FOUND or (code in _INVALID and _GONE.search(said)):
        return NotFound(said)
    if code in _DENIED or http in (401, 403):
        found = _PERMISSION.search(said)
        permission = found.group(1) if found else f"{_IAM.get(service, service)}:{operation}"
        return Denied(f"{asked} is denied: {said}", f"ask for {permission}", permission=permission)
    if http >= 500:
        return Broken(f"{asked} failed on the side of AWS: {said}", "try again")
    if code == str(http):
        return Broken(f"{asked}: answered {http}, and not as AWS does", "check --endpoint-url")
    return Refused(f"{asked}: {said}")


def _not_answered(
    error: Exception, asked: str, profile: str | None, keys_from: Callable[[], str] | None
) -> SourceError:
    """There was no answer, or no request."""
    from botocore import exceptions as boto

    said = one_line(error)
    if isinstance(error, boto.NoRegionError | boto.InvalidRegionError):
        return NoCredentials(said, "set a region: --region or AWS_REGION")
    if isinstance(error, boto.ProfileNotFound):
        return NoCredentials(said, "see: aws configure list-profiles")
    if isinstance(error, boto.ConfigParseError | boto.ConfigNotFound | boto.InvalidConfigError):
        return NoCredentials(said, "mend the AWS config file")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.LoginError):
        return Expired(said, _login(profile, keys_from))
    if isinstance(error, boto.NoCredentialsError | boto.NoAuthTokenError):
        return NoCredentials("no AWS credentials", "run: aws configure, or choose a profile with --profile")
    if isinstance(
        error,
        boto.PartialCredentialsError
        | boto.CredentialRetrievalError
        | boto.RefreshWithMFAUnsupportedError
        | boto.UnknownCredentialError
        | boto.MetadataRetrievalError
        | boto.MissingDependencyException,
    ):
        return NoCredentials(said, "check the profile: aws sts get-caller-identity")
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError):
        return Unreachable(f"{asked}: {said}", "check the network, the region and --endpoint-url")
    if isinstance(error, boto.IncompleteReadError | boto.ChecksumError):
        return Broken(f"{asked}: an answer that cannot be read: {said}", "check --endpoint-url")
    return Refused(f"{asked}: {said}")


def _login(profile: str | None, keys_from: Callable[[], str] | None) -> str:
    """How to get fresh credentials, by where the old ones came from."""
    try:
        method = keys_from() if keys_from else ""
    except Exception:
        method = ""  # the very thing that failed: the general advice will do
    if method == "env":
        return "the keys come from the environment: set new ones and start sagetop again"
    option = f" --profile {clean(profile)}" if profile else ""
    if method in ("", "sso"):
        return f"run: aws sso login{option}"
    if method == "login":
        return f"run: aws login{option}"
    return f"refresh the credentials{f' of profile {clean(profile)}' if profile else ''}"
