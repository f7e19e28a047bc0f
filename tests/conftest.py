"""What every test gets: a machine that knows nothing of AWS, and an emulated AWS for those that ask for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.canned import Canned
from tests.moto_server import Moto, running_moto
from tests.steady import SteadyPilot
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource

_FOREIGN = ("AWS_", "BOTO_", "XDG_", "SAGETOP_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}

# A busy machine is slow, not wrong: an example may take as long as it takes.
hypothesis.settings.register_profile("sagetop", deadline=None)
hypothesis.settings.load_profile("sagetop")
pytest.MonkeyPatch().setattr("textual.pilot.Pilot", SteadyPilot)


@pytest.fixture(autouse=True)
def clean_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No AWS settings of whoever runs the tests, and a home of their own; returns that home."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    # A machine in EC2 would lend its role, and one outside would wait for it.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return home


@pytest.fixture(scope="session")
def moto_session() -> Iterator[Moto]:
    """One moto server a test process, its gaps filled; ask for `moto` instead."""
    with running_moto() as moto:
        yield moto


@pytest.fixture
def moto(moto_session: Moto) -> Moto:
    """An emulated AWS that holds nothing yet."""
    moto_session.reset()
    return moto_session


@pytest.fixture
def aws(moto: Moto) -> AwsSource:
    """The AWS source on that emulated AWS."""
    return AwsSource(moto.settings())


@pytest.fixture
def canned() -> Iterator[Canned]:
    """A server that answers each operation as the test says: denied, throttled, empty pages, nothing at all."""
    with Canned() as server:
        yield server


@pytest.fixture
def canned_aws(canned: Canned) -> AwsSource:
    """The AWS source on the canned server; it sends each request once, so that a fault is seen at once."""
    return AwsSource(
        ClientSettings(
            region="eu-west-1", endpoint_url=canned.url, access_key="AKIAFALSE", secret_key="false", attempts=1
        )
    )
