"""The world that the screens are shown on."""

from __future__ import annotations

import pytest

from tests.moto_server import Moto
from tests.screens.world import WorldSource, put_world
from tui.sources.aws.clients import Learnt


@pytest.fixture(scope="session")
def one_source(moto_session: Moto) -> WorldSource:
    """boto3's clients take most of a test's time to make."""
    return WorldSource(moto_session.settings())


@pytest.fixture
def empty(moto: Moto, one_source: WorldSource) -> WorldSource:
    """A source on an emulated AWS that holds nothing yet."""
    one_source.clients.learnt = Learnt()
    return one_source


@pytest.fixture
def world(empty: WorldSource, moto: Moto) -> WorldSource:
    """A source on the small AWS of `world.py`."""
    put_world(moto)
    return empty
