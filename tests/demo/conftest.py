"""A moto server with its gaps filled, in the test's own process, and boto3 clients that reach it over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    from tui.demo.gaps import fill_gaps

    fill_gaps()
    fill_gaps()  # a second call changes nothing
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def client(server: str) -> Callable[[str], Any]:
    """`client("logs")`: a boto3 client of an account that holds nothing yet."""
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    return client_of(server)


def client_of(url: str) -> Callable[[str], Any]:
    import boto3

    session = boto3.Session(aws_access_key_id="false", aws_secret_access_key="false", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=url)
