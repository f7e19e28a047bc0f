"""Prices from the Pricing API: which offer is meant, which region is asked. moto has no prices: canned answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tui.model.prices import price_of, pricing_region
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, Refused

G5 = "ml.g5.xlarge"


def offer(usd: float | str, *, unit: str = "Hrs", **attributes: str) -> str:
    """One of GetProducts' PriceList."""
    dimension = {"unit": unit, "pricePerUnit": {"USD": str(usd)}}
    return json.dumps(
        {
            "product": {"productFamily": "ML Instance", "attributes": attributes},
            "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": dimension}}}},
        }
    )


class TestOffers:
    def test_one_type_has_a_price_for_each_use(self) -> None:
        offers = [offer(usd, instanceName=G5, component=use) for usd, use in ((1.5, "Training"), (1.6, "Hosting"))]
        assert price_of(offers, G5, "Training") == 1.5
        assert price_of(offers, G5, "Hosting") == 1.6

    @pytest.mark.parametrize(
        "attributes",
        [
            {"instanceName": G5, "component": "Training"},
            {"instanceName": G5, "platoinstancetype": "Training"},
            {"instanceType": f"{G5}-Training", "usagetype": f"EU-Train:{G5}"},
            {"instanceType": G5, "usagetype": f"Train:{G5}"},
        ],
    )
    def test_whichever_field_says_so(self, attributes: dict[str, str]) -> None:
        assert price_of([offer(1.5, **attributes)], G5, "Training") == 1.5

    @pytest.mark.parametrize(
        "product",
        [
            offer(1.5, instanceName="ml.g5.2xlarge", component="Training"),
            offer(0.4, instanceName=G5, component="SpotTraining", usagetype=f"EU-Train:{G5}"),
            offer(0.4, instanceName=G5, usagetype=f"EU-SpotTrain:{G5}"),
            offer(0.4, instanceName=G5, component="Training", unit="GB"),
            offer(0, instanceName=G5, component="Training"),
            offer("free", instanceName=G5, component="Training"),
            "{}",
            "no JSON",
            "[1]",
        ],
    )
    def test_another_offer_is_not_taken_for_it(self, product: str) -> None:
        assert price_of([product], G5, "Training") is None


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("us-west-2", "us-east-1"),
        ("sa-east-1", "us-east-1"),
        ("eu-west-1", "eu-central-1"),
        ("ap-northeast-1", "ap-south-1"),
        ("cn-north-1", None),
        ("us-gov-west-1", None),
    ],
)
def test_three_regions_know_the_prices_of_all(region: str, asked: str | None) -> None:
    assert pricing_region(region) == asked


def filters(asked: Any) -> dict[str, str]:
    return {one["Field"]: one["Value"] for one in asked.parameters["Filters"]}


def test_a_type_is_asked_for_once_and_in_the_right_region(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetProducts", {"PriceList": [offer(1.5, instanceName=G5, component="Training")]})
    assert canned_aws.prices([G5, G5], "Training") == {G5: 1.5}
    assert [filters(asked) for asked in canned.asked] == [{"regionCode": "eu-west-1", "instanceName": G5}]
    assert "/eu-central-1/pricing/" in canned.asked[0].headers["Authorization"]
    assert canned_aws.metrics_asked == 0


def test_offers_go_over_several_pages(canned: Canned, canned_aws: AwsSource) -> None:
    one = offer(9, instanceName=G5, component="Notebook")
    two = offer(1.5, instanceName=G5, component="Training")
    canned.answers("GetProducts", {"PriceList": [one], "NextToken": "2"}, {"PriceList": [two]})
    assert canned_aws.prices([G5], "Training") == {G5: 1.5}


def test_it_is_asked_for_by_the_other_field_before_it_is_given_up(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetProducts", {"PriceList": []})
    assert canned_aws.prices([G5], "Hosting") == {G5: None}
    assert [sorted(filters(asked)) for asked in canned.asked] == [
        ["instanceName", "regionCode"],
        ["instanceType", "regionCode"],
    ]


def test_a_missing_permission_is_named(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetProducts", Fault("AccessDeniedException"))
    with pytest.raises(Denied) as denied:
        canned_aws.prices([G5], "Training")
    assert denied.value.permission == "pricing:GetProducts"


def test_a_region_without_prices_is_not_asked_about(canned: Canned) -> None:
    china = AwsSource(
        ClientSettings(region="cn-north-1", endpoint_url=canned.url, access_key="AKIAFALSE", secret_key="false")
    )
    with pytest.raises(Refused):
        china.prices([G5], "Training")
    assert not canned.asked
