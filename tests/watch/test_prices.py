"""The book of prices: a person's file first, then what AWS said within thirty days, then AWS."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.canned import Canned, Fault
from tests.sources.aws.test_pricing import G5, offer
from tui.cli import sources
from tui.config import ConfigError, Folders, Settings, load, price_file
from tui.model.prices import Component
from tui.sources.aws.source import AwsSource
from tui.watch.prices import KEPT_S, PriceBook


class Aws:
    """Knows some prices, and is asked."""

    def __init__(self, **prices: float) -> None:
        self.prices = {name.replace("_", "."): usd for name, usd in prices.items()}
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, types: Sequence[str], component: Component) -> dict[str, float | None]:
        self.asked.append((*types, component))
        return {kind: self.prices.get(kind) for kind in types}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "prices.json"


def book(aws: Aws, cache: Path | None = None, region: str = "eu-west-1") -> PriceBook:
    return PriceBook(ask=aws, region=lambda: region, cache=cache)


def test_aws_is_asked_once_in_a_session() -> None:
    aws = Aws(ml_g5_xlarge=1.5)
    prices = book(aws)
    assert prices.known([G5]) == {}
    assert prices.look_up([G5, "ml.new.large"])
    assert prices.known([G5, "ml.new.large"]) == {G5: 1.5}
    assert not prices.look_up([G5, "ml.new.large"])
    assert aws.asked == [(G5, "ml.new.large", "Training")]


def test_and_once_in_thirty_days(cache: Path) -> None:
    book(Aws(ml_g5_xlarge=1.5), cache).look_up([G5])
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    again = Aws(ml_g5_xlarge=9)
    prices = book(again, cache)
    assert prices.look_up([G5])
    assert (prices.known([G5]), again.asked) == ({G5: 1.5}, [])


def test_what_is_older_is_asked_for_again(cache: Path) -> None:
    book(Aws(ml_g5_xlarge=1.5), cache).look_up([G5])
    kept = json.loads(cache.read_text())
    kept["eu-west-1"]["Training"][G5]["at"] = time.time() - KEPT_S - 1
    cache.write_text(json.dumps(kept))
    prices = book(Aws(ml_g5_xlarge=1.6), cache)
    prices.look_up([G5])
    assert prices.known([G5]) == {G5: 1.6}


def test_each_region_and_each_use_has_its_prices(cache: Path) -> None:
    book(Aws(ml_g5_xlarge=1.5), cache).look_up([G5])
    for prices, use in ((book(Aws(), cache, "us-east-1"), "Training"), (book(Aws(), cache), "Hosting")):
        prices.look_up([G5], use)  # type: ignore[arg-type]
        assert prices.known([G5], use) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"eu-west-1": 3}', '{"eu-west-1": {"Training": {"ml.g5.xlarge": 3}}}']
)
def test_a_cache_that_is_none_is_written_anew(cache: Path, content: str) -> None:
    cache.parent.mkdir()
    cache.write_text(content)
    prices = book(Aws(ml_g5_xlarge=1.5), cache)
    prices.look_up([G5])
    assert prices.known([G5]) == {G5: 1.5}
    assert json.loads(cache.read_text())["eu-west-1"]["Training"][G5]["usd"] == 1.5


def test_a_folder_that_cannot_be_written_costs_nothing_but_another_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    prices = book(Aws(ml_g5_xlarge=1.5), tmp_path / "file" / "prices.json")
    assert prices.look_up([G5])


def test_a_refusal_is_kept_and_not_repeated(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetProducts", Fault("AccessDeniedException"))
    prices = PriceBook(ask=canned_aws.prices, region=lambda: "eu-west-1")
    assert not prices.look_up([G5])
    assert not prices.look_up([G5])
    assert prices.error is not None
    assert "pricing:GetProducts" in prices.error.hint
    assert canned.count("GetProducts") == 1


class TestPriceFile:
    def test_is_toml_or_json(self, tmp_path: Path) -> None:
        toml, plain = tmp_path / "prices.toml", tmp_path / "prices.json"
        toml.write_text('"ml.g5.xlarge" = 1.41\nml.p4d.24xlarge = 32\n"m5.large" = 0.12\n')
        plain.write_text('{"ml.g5.xlarge": 1.41}')
        assert price_file(toml) == {G5: 1.41, "ml.p4d.24xlarge": 32.0, "ml.m5.large": 0.12}
        assert price_file(plain) == {G5: 1.41}

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.toml", "ml ="),
            ("a.json", "[1]"),
            ("a.toml", '"ml.g5.xlarge" = "1.41"'),
            ("a.toml", "g5 = -1"),
            ("a", None),
        ],
    )
    def test_or_it_says_what_is_wrong(self, tmp_path: Path, name: str, content: str | None) -> None:
        file = tmp_path / name
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigError) as wrong:
            price_file(file)
        assert str(file) in wrong.value.what

    def test_named_in_the_settings_it_answers_for_aws(
        self, tmp_path: Path, canned: Canned, canned_aws: AwsSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "prices.toml").write_text('"ml.g5.xlarge" = 1.41')
        config = tmp_path / "config.toml"
        config.write_text(f'prices = "{tmp_path / "prices.toml"}"')
        settings = load({"SAGETOP_CONFIG": str(config)})
        prices = sources.prices(canned_aws, settings)()
        assert not prices.look_up([G5])
        assert prices.known([G5]) == prices.known([G5], "Hosting") == {G5: 1.41}
        assert not canned.asked

    def test_without_one_aws_is_asked_and_its_answer_kept(
        self, tmp_path: Path, canned: Canned, canned_aws: AwsSource
    ) -> None:
        canned.answers("GetCallerIdentity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"})
        canned.answers("GetProducts", {"PriceList": [offer(1.5, instanceName=G5, component="Training")]})
        prices = sources.prices(canned_aws, Settings(folders=Folders.under(tmp_path)))()
        assert prices.look_up([G5])
        assert (tmp_path / "cache" / "prices.json").exists()
