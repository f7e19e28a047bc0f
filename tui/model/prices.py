"""What an hour of an instance costs: what a person's price file and the Pricing API say of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

Component = Literal["Training", "Hosting"]
"""What an instance is used for: the same type has a price for each."""

_USAGE: dict[Component, re.Pattern[str]] = {
    "Training": re.compile(r"(?:^|-)Train:", re.IGNORECASE),
    "Hosting": re.compile(r"(?:^|-)Host:", re.IGNORECASE),
}


def pricing_region(region: str) -> str | None:
    """The region to ask for the prices of `region`: the Pricing API is in three; None where none of them knows it."""
    if region.startswith(("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")):
        return None
    near = {"eu": "eu-central-1", "me": "eu-central-1", "af": "eu-central-1", "ap": "ap-south-1"}
    return near.get(region.split("-", 1)[0], "us-east-1")


def price_of(products: Iterable[str], instance_type: str, component: Component) -> float | None:
    """USD an hour of an instance type on demand, from GetProducts' PriceList.

    Public code disagrees on which of the fields are there, so what the type is and what it is used for is looked for in
    each of them. Where there are several prices the highest counts.
    """
    prices = []
    for product in products:
        try:
            offer = json.loads(product)
            attributes = offer["product"]["attributes"]
            if _is(attributes, instance_type, component):
                prices += list(_hourly(offer))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # an offer of another form says nothing of this one
    return max(prices, default=None)


def _is(attributes: Mapping[str, str], instance_type: str, component: Component) -> bool:
    names = (attributes.get(name) for name in ("instanceName", "instancename", "instanceType"))
    if not any(name in (instance_type, f"{instance_type}-{component}") for name in names):
        return False
    words = [attributes[name] for name in ("component", "platoinstancetype") if attributes.get(name)]
    if words:
        return component in words
    return _USAGE[component].search(attributes.get("usagetype", "")) is not None


def _hourly(offer: Mapping[str, Any]) -> Iterator[float]:
    for term in offer["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            usd = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension.get("unit", "Hrs").lower() in ("hrs", "hours", "hour") and math.isfinite(usd) and usd > 0:
                yield usd


def price_table(table: Mapping[str, object], prefix: str = "") -> dict[str, float]:
    """A price file's prices: instance type → USD an hour.

    Dots in a TOML key nest (`ml.g5.xlarge = 1.41`); here they are dots again.

    Raises:
        ValueError: In a line, which entry is no price.
    """
    found: dict[str, float] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= price_table(value, f"{key}.")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise ValueError(f"{key} is {value!r}: it has to be USD an hour")
        else:
            found[key if key.startswith("ml.") else f"ml.{key}"] = float(value)
    return found
