"""The demo's session: whatever the machine is set up for, nothing of it counts and nothing leaves the machine."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned
from tui.sources.aws.clients import SERVICES, Clients, ClientSettings, Service, refuse_foreign
from tui.sources.aws.errors import NotLoopback
from tui.sources.base import Refused, SourceError

CALLS: dict[Service, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("ListTrainingJobs", {}),
    "sagemaker-runtime": ("InvokeEndpoint", {"EndpointName": "ranker", "Body": b"1"}),
    "cloudwatch": ("GetMetricData", {"MetricDataQueries": [], "StartTime": 0, "EndTime": 1}),
    "logs": ("DescribeLogStreams", {"logGroupName": "group"}),
    "application-autoscaling": ("DescribeScalableTargets", {"ServiceNamespace": "sagemaker"}),
    "sts": ("GetCallerIdentity", {}),
    "s3": ("ListObjectsV2", {"Bucket": "bucket"}),
    "pricing": ("GetProducts", {"ServiceCode": "AmazonSageMaker"}),
}

_reached: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _reached.append(str(arguments[1]))
    elif event == "socket.getaddrinfo":
        _reached.append(str(arguments[0]))


sys.addaudithook(_watch)  # it cannot be taken away again, and costs nothing


@pytest.fixture
def reached() -> list[str]:
    """Every address that Python connects to, or looks up, from now on."""
    _reached.clear()
    return _reached


@pytest.fixture
def trap() -> Iterator[str]:
    """A server that should never be reached; it fails the test that reaches it."""
    caught = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            try:
                server.accept()
            except OSError:
                return
            caught.append(True)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert not caught


@pytest.fixture
def hostile_machine(clean_machine: Path, monkeypatch: pytest.MonkeyPatch, trap: str) -> None:
    """A machine set up for a real account in every way that boto3 knows."""
    folder = clean_machine / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text("[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n")
    services = "\n".join(f"{service.replace('-', '_')} =\n  endpoint_url = {trap}" for service in SERVICES)
    (folder / "config").write_text(
        f"[default]\nregion = us-east-1\nendpoint_url = {trap}\nservices = all\n[services all]\n{services}\n"
        "[profile prod]\nregion = us-east-1\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
    )
    for name, value in {
        "AWS_PROFILE": "prod",
        "AWS_DEFAULT_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": trap,
        **{f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}": trap for service in SERVICES},
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": trap,
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{trap}/keys",
        "AWS_DEFAULTS_MODE": "auto",
        "AWS_CSM_ENABLED": "true",
        "AWS_MAX_ATTEMPTS": "9",
        "AWS_RETRY_MODE": "adaptive",
        "HTTP_PROXY": trap,
        "HTTPS_PROXY": trap,
        "http_proxy": trap,
        "https_proxy": trap,
    }.items():
        monkeypatch.setenv(name, value)


def demo(url: str) -> Clients:
    """Clients as the demo has them."""
    return Clients(
        ClientSettings(
            region="eu-west-1",
            endpoint_url=url,
            access_key="AKIADEMO",
            secret_key="demo",
            loopback_only=True,
            attempts=1,
        )
    )


def test_every_client_is_pointed_at_the_demo_with_the_demos_keys(hostile_machine: None, canned: Canned) -> None:
    clients = demo(canned.url)
    for service in SERVICES:
        client = clients.client(service)
        assert client.meta.endpoint_url == canned.url
        # The Pricing API has no home in most regions: it is asked as if in another, at the demo's URL all the same.
        assert client.meta.region_name == ("eu-central-1" if service == "pricing" else "eu-west-1")
        credentials = client._request_signer._credentials
        assert (credentials.access_key, credentials.token, credentials.method) == ("AKIADEMO", None, "explicit")
        assert client.meta.config.proxies == {}
        assert not client.meta.config.use_fips_endpoint
        assert not client.meta.config.use_dualstack_endpoint
    assert set(clients.made()) == set(SERVICES) == set(CALLS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_reaches_the_demo_and_nothing_else(
    hostile_machine: None, canned: Canned, reached: list[str], service: Service
) -> None:
    clients = demo(canned.url)
    operation, parameters = CALLS[service]
    with pytest.raises(SourceError):  # nothing was canned: what counts is where it went
        clients.call(service, operation, **parameters)
    assert len(canned.asked) == clients.calls == 1
    assert "AKIADEMO" in canned.asked[0].headers["Authorization"]
    assert set(reached) <= {"127.0.0.1", canned.url.removeprefix("http://"), str(address(canned.url))}


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_for_another_host_is_not_made(reached: list[str], service: Service) -> None:
    clients = demo("https://sagemaker.us-east-1.amazonaws.com")
    with pytest.raises(Refused, match=r"sagemaker\.us-east-1\.amazonaws\.com"):
        clients.client(service)
    assert reached == []
    assert clients.made() == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_request_that_was_turned_elsewhere_is_refused_before_a_byte_is_sent(
    canned: Canned, reached: list[str], service: Service
) -> None:
    clients = demo(canned.url)

    def turn(request: Any, **_: object) -> None:
        request.url = request.url.replace("127.0.0.1", "192.0.2.1")

    clients.client(service).meta.events.register("before-sign", turn)
    operation, parameters = CALLS[service]
    with pytest.raises(Refused, match=r"192\.0\.2\.1"):
        clients.call(service, operation, **parameters)
    assert reached == []
    assert clients.calls == 0


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:5000", "http://127.8.8.8", "http://[::1]:5000/x", "http://localhost:1", "https://LOCALHOST"],
)
def test_this_machine(url: str) -> None:
    refuse_foreign(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://sagemaker.eu-west-1.amazonaws.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.nip.io",
        "http://0.0.0.0:5000",
        "http://192.168.0.1",
        "http://169.254.169.254",
        "http://[::ffff:8.8.8.8]",
        "http://2130706433",
        "",
        "nonsense",
    ],
)
def test_not_this_machine(url: str) -> None:
    with pytest.raises(NotLoopback):
        refuse_foreign(url)


def address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)
