"""Prices on demand: the Pricing API, which is in three regions only and knows all of them."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.prices import Component, price_of
from tui.sources.aws.clients import Clients

SERVICE = "AmazonSageMaker"
_NAMED = ("instanceName", "instanceType")
_PAGES = 5
"""An instance type has a few dozen offers in a region; a hundred are on a page."""


def prices(clients: Clients, instance_types: Sequence[str], component: Component) -> dict[str, float | None]:
    """USD an hour by instance type, in the region of the clients; None where AWS has no such offer.

    One request a type, a second one where offers name it by another field.
    """
    return {kind: _price(clients, kind, component) for kind in dict.fromkeys(instance_types)}


def _price(clients: Clients, instance_type: str, component: Component) -> float | None:
    for name in _NAMED:
        filters = [
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in (("regionCode", clients.region), (name, instance_type))
        ]
        parameters: dict[str, object] = {"ServiceCode": SERVICE, "Filters": filters, "MaxResults": 100}
        products: list[str] = []
        for _ in range(_PAGES):
            answer = clients.call("pricing", "GetProducts", **parameters)
            products += answer.get("PriceList", ())
            if not answer.get("NextToken"):
                break
            parameters["NextToken"] = answer["NextToken"]
        if (found := price_of(products, instance_type, component)) is not None:
            return found
    return None
