"""What goes wrong on the way to AWS, in sagetop's words: the kind, one line on what, one on what to do."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.canned import Canned, Cut, Drop, Fault, Hang, Raw
from tui.model.series import MetricQuery
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.errors import one_line, translate
from tui.sources.aws.source import AwsSource
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


def asked(source: AwsSource) -> SourceError:
    """What ListTrainingJobs fails with."""
    with pytest.raises(SourceError) as caught:
        source.list_jobs()
    error = caught.value
    for line in (error.what, error.hint):
        assert line.isprintable(), line
    return error


@pytest.mark.parametrize(
    ("fault", "kind", "hint"),
    [
        (Fault("ResourceNotFound", "no such thing"), NotFound, ""),
        (Fault("ValidationException", 'Could not find endpoint "arn:aws:…"'), NotFound, ""),
        (Fault("ValidationException", "1 validation error detected: Value at 'maxResults'"), Refused, ""),
        (Fault("AccessDeniedException", "no"), Denied, "ask for sagemaker:ListTrainingJobs"),
        (Fault("ExpiredTokenException", "expired"), Expired, "refresh the credentials"),
        (Fault("ExpiredToken", "expired", 403), Expired, ""),
        (Fault("RequestExpired", "expired"), Expired, ""),
        (Fault("UnrecognizedClientException", "The security token is invalid"), NoCredentials, "check the keys"),
        (Fault("InvalidClientTokenId", "invalid", 403), NoCredentials, "check the keys"),
        (Fault("SignatureDoesNotMatch", "no match", 403), NoCredentials, "check the keys"),
        (Fault("InvalidSignatureException", "Signature expired: 2026… is now earlier"), NoCredentials, "clock"),
        (Fault("ThrottlingException", "Rate exceeded"), Throttled, "ask less often"),
        (Fault("TooManyRequestsException", "", 429), Throttled, "ask less often"),
        (Fault("com.amazon.coral.availability#ThrottlingException", "Rate exceeded"), Throttled, ""),
        (Fault("InternalFailure", "oops", 500), Broken, "try again"),
        (Fault("ServiceUnavailable", "oops", 503), Broken, "try again"),
        (Raw(b"<html>not AWS at all</html>", 404), Broken, "--endpoint-url"),
        (Raw(b"<html>not AWS at all</html>", 200), Broken, "--endpoint-url"),
        (Raw(b'{"TrainingJobSummaries": ['), Broken, "try again"),
        (Cut(), Broken, "try again"),
        (Drop(), Unreachable, "check the network"),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else None,
)
def test_each_fault_has_its_kind(
    canned: Canned, canned_aws: AwsSource, fault: Fault | Raw | Cut | Drop, kind: type[SourceError], hint: str
) -> None:
    canned.answers("ListTrainingJobs", fault)
    error = asked(canned_aws)
    assert type(error) is kind
    assert hint in error.hint


def test_the_query_and_cbor_protocols_fail_alike(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetCallerIdentity", Fault("ExpiredToken", "The security token is expired", 403))
    with pytest.raises(Expired):
        canned_aws.identity()
    canned.answers("GetMetricData", Fault("AccessDenied", "not authorized to perform: cloudwatch:GetMetricData", 403))
    with pytest.raises(Denied) as caught:
        canned_aws.metrics([MetricQuery("job", "job", "loss")], 0, 60_000)
    assert caught.value.permission == "cloudwatch:GetMetricData"


def test_a_denial_names_the_permission_that_aws_named(canned: Canned, canned_aws: AwsSource) -> None:
    user = "arn:aws:sts::123456789012:assumed-role/MLOps/me"
    said = f"User: {user} is not authorized to perform: sagemaker:ListTrainingJobs because no policy allows it"
    canned.answers("ListTrainingJobs", Fault("AccessDeniedException", said))
    error = asked(canned_aws)
    assert isinstance(error, Denied)
    assert error.permission == "sagemaker:ListTrainingJobs"
    assert said in error.what


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = ClientSettings(
        region="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}", access_key="k", secret_key="s", attempts=2
    )
    source = AwsSource(settings)
    error = asked(source)
    assert isinstance(error, Unreachable)
    assert f"127.0.0.1:{port}" in error.what
    assert source.calls == 2


def test_silence_is_unreachable_once_the_time_is_used_up(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("ListTrainingJobs", Hang())
    source = AwsSource(replace(canned_aws.clients.settings, timeout_s=1.5, attempts=4))
    error = asked(source)
    assert isinstance(error, Unreachable)
    assert canned.count("ListTrainingJobs") <= 2  # a third would not fit in the time


def test_faults_that_pass_are_not_seen(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("ListTrainingJobs", Fault("InternalFailure", "", 500), Cut(), {"TrainingJobSummaries": []})
    source = AwsSource(replace(canned_aws.clients.settings, attempts=4))
    assert source.list_jobs().items == ()
    assert source.calls == 3


def test_no_credentials_at_all() -> None:
    error = asked(AwsSource(ClientSettings(region="eu-west-1", endpoint_url="http://127.0.0.1:9")))
    assert type(error) is NoCredentials
    assert "aws configure" in error.hint


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFALSE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "false")
    error = asked(AwsSource(ClientSettings()))
    assert type(error) is NoCredentials
    assert error.hint == "set a region: --region or AWS_REGION"


def test_a_profile_that_does_not_exist() -> None:
    error = asked(AwsSource(ClientSettings(profile="nobody", region="eu-west-1")))
    assert type(error) is NoCredentials
    assert "nobody" in error.what
    assert "list-profiles" in error.hint


def test_a_config_file_that_cannot_be_read(clean_machine: Path) -> None:
    write(clean_machine / ".aws/config", "[profile x\nregion eu-west-1")
    error = asked(AwsSource(ClientSettings(region="eu-west-1")))
    assert type(error) is NoCredentials
    assert "config" in error.hint


def test_half_a_pair_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFALSE")
    assert type(asked(AwsSource(ClientSettings(region="eu-west-1")))) is NoCredentials


def test_an_sso_login_that_has_run_out_says_how_to_log_in(clean_machine: Path) -> None:
    write(
        clean_machine / ".aws/config",
        "[profile work]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 1\nsso_role_name = MLOps\n"
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n",
    )
    error = asked(AwsSource(ClientSettings(profile="work")))
    assert type(error) is Expired
    assert error.hint == "run: aws sso login --profile work"


def test_expired_keys_of_the_environment_need_a_restart(canned: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFALSE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "false")
    canned.answers("ListTrainingJobs", Fault("ExpiredTokenException"))
    source = AwsSource(ClientSettings(region="eu-west-1", endpoint_url=canned.url))
    error = asked(source)
    assert type(error) is Expired
    assert "environment" in error.hint
    assert source.clients.keys_from_environment


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("The key AKIAIOSFODNN7EXAMPLE is disabled", "IOSFODNN7EXAMPLE"),
        ("Failed to connect to http://me:hunter2@proxy:3128", "hunter2"),
        ("x-amz-security-token:FwoGZXIvYXdzEBYaDKJ", "FwoGZXIvYXdzEBYaDKJ"),
        ("denied. Encoded authorization failure message: " + "aB3_" * 40, "aB3_"),
    ],
)
def test_secrets_never_stand_in_a_message(canned: Canned, canned_aws: AwsSource, said: str, secret: str) -> None:
    canned.answers("ListTrainingJobs", Fault("ValidationException", said))
    assert secret not in asked(canned_aws).what


def test_the_signed_request_that_aws_quotes_is_left_out(canned: Canned, canned_aws: AwsSource) -> None:
    quoted = "The Canonical String for this request should have been 'POST / host:x x-amz-date:1'"
    canned.answers("ListTrainingJobs", Fault("SignatureDoesNotMatch", quoted, 403))
    assert "Canonical" not in asked(canned_aws).what


def test_a_message_from_outside_is_one_harmless_line(canned: Canned, canned_aws: AwsSource) -> None:
    hostile = "\x1b]52;c;aGk=\x07bad\nname\r\x9b31m \u202egnp.exe [/oops]" + "x" * 5000
    canned.answers("ListTrainingJobs", Fault("ValidationException", hostile))
    what = asked(canned_aws).what
    assert what.startswith("sagemaker ListTrainingJobs: bad name")
    assert "[/oops]" in what  # markup is the screen's matter
    assert len(what) < 700


def test_a_message_of_ordinary_words_is_kept() -> None:
    said = "Could not find endpoint arn:aws:sagemaker:eu-west-1:123456789012:endpoint/ranker-prod, token expired"
    assert one_line(said) == said


def test_what_nobody_thought_of_is_still_a_source_error() -> None:
    error = translate(KeyError("TrainingJobName"), service="sagemaker", operation="ListTrainingJobs")
    assert type(error) is Broken
    assert "KeyError" in error.what


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
