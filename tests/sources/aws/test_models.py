"""botocore's models are read quickly, and as botocore reads them itself."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from tests.moto_server import Moto
from tui.sources.aws.clients import SERVICES, Clients
from tui.sources.aws.models import ModelLoader


@pytest.mark.parametrize("service", SERVICES)
def test_a_model_is_what_botocore_makes_of_it(service: str) -> None:
    assert ModelLoader(None).load_service_model(service, "service-2") == Loader().load_service_model(
        service, "service-2"
    )


def test_every_service_is_found_that_botocore_finds() -> None:
    assert set(Loader().list_available_services("service-2")) <= set(
        ModelLoader(None).list_available_services("service-2")
    )


@pytest.mark.parametrize("service", ["sts", "no-such-service"])
def test_what_is_missing_is_missed_as_ever(service: str) -> None:
    with pytest.raises(DataNotFoundError):
        ModelLoader(None).load_service_model(service, "waiters-2")


def test_models_of_the_users_own_are_found_even_where_they_are_no_strict_json(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "2026-11-22"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {"number": NaN}}')
    (folder / "waiters-2.json").write_text(json.dumps({"waiters": {}}))
    loader = ModelLoader(f"{tmp_path}:{tmp_path / 'missing'}")
    assert "mine" in loader.list_available_services("service-2")
    assert math.isnan(loader.load_service_model("mine", "service-2")["metadata"]["number"])
    assert loader.load_service_model("mine", "waiters-2") == {"waiters": {}}


def test_a_profiles_data_path_counts(moto: Moto, clean_machine: Path, tmp_path: Path) -> None:
    config = clean_machine / ".aws" / "config"
    config.parent.mkdir()
    config.write_text(f"[profile mine]\nregion = eu-west-1\ndata_path = {tmp_path}\n")
    clients = Clients(moto.settings(access_key=None, secret_key=None, profile="mine", region=None))
    loader = clients.session()._session.get_component("data_loader")
    assert isinstance(loader, ModelLoader)
    assert str(tmp_path) in loader.search_paths
