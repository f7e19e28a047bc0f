"""The options that all commands take, and what holds where they, the environment and the settings file disagree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto, ago
from tui.cli.options import Options
from tui.config import Settings

SETTINGS = Settings(profile="mine", region="eu-north-1")


@pytest.mark.parametrize("place", ["before", "after"])
def test_stand_before_the_command_or_after_it(moto: Moto, sagetop: Sagetop, place: str) -> None:
    moto.add_job("here")
    shared = ("--region", "eu-west-1", "--endpoint-url", moto.url, "--timeout", "20", "--read-only")
    arguments = (*shared, "jobs") if place == "before" else ("jobs", *shared)
    assert sagetop(*arguments, AWS_DEFAULT_REGION=None).lines[1].startswith("here ")


def test_the_one_nearest_to_the_end_counts(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("here")
    assert sagetop("--region", "us-east-1", "jobs", "--region", "eu-west-1", at=moto.url).lines[1].startswith("here ")
    assert sagetop("--region", "eu-west-1", "jobs", "--region", "us-east-1", at=moto.url).out == ""


def test_endpoint_url_counts_more_than_its_variable(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("here")
    ended = sagetop("jobs", "--endpoint-url", moto.url, at="http://127.0.0.1:9")
    assert ended.lines[1].startswith("here ")


def test_a_profile_of_the_shared_files(moto: Moto, sagetop: Sagetop, clean_machine: Path) -> None:
    moto.add_job("here", created=ago(hours=1))
    folder = clean_machine / ".aws"
    folder.mkdir()
    (folder / "config").write_text(f"[profile team]\nregion = eu-west-1\nendpoint_url = {moto.url}\n")
    (folder / "credentials").write_text("[team]\naws_access_key_id = AKIAFALSE\naws_secret_access_key = false\n")
    nothing = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_DEFAULT_REGION": None}
    assert sagetop("jobs", "--profile", "team", **nothing).lines[1].startswith("here ")
    assert sagetop("jobs", AWS_PROFILE="team", **nothing).lines[1].startswith("here ")
    settings = clean_machine / "sagetop.toml"
    settings.write_text('profile = "team"\n')
    assert sagetop("jobs", SAGETOP_CONFIG=str(settings), **nothing).lines[1].startswith("here ")


def test_the_settings_file_fills_in_what_nobody_named() -> None:
    resolved = Options(timeout=5).resolved(SETTINGS, {"PATH": "/bin"})
    assert resolved == Options(profile="mine", region="eu-north-1", timeout=5)


@pytest.mark.parametrize("options", [Options(profile="other"), Options(region="us-east-1")])
def test_the_settings_file_does_not_mix_with_options(options: Options) -> None:
    assert options.resolved(SETTINGS, {}) == options


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_the_settings_file_does_not_mix_with_the_environment(name: str) -> None:
    assert Options().resolved(SETTINGS, {name: "something"}) == Options()


def test_read_only_of_the_command_line_goes_into_the_settings() -> None:
    assert Options(read_only=True).settings().read_only
    assert not Options().settings().read_only


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "0", "soon"])
def test_a_time_is_a_number(sagetop: Sagetop, value: str) -> None:
    assert "'--timeout'" in sagetop("jobs", "--timeout", value).failed(2)
    if value != "0":
        assert "'--grace'" in sagetop("local", "stop", "job", "--grace", value).failed(2)
