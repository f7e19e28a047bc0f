"""Two hundred endpoints from the first request to the last row's numbers at 50 ms a request, and what they cost."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.canned import Canned, Raw
from tests.screen_text import screen_text
from tui.app import SagetopApp
from tui.config import Settings
from tui.model.budget import requests_usd
from tui.screens.context import Context
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.watch.endpoints import EndpointsWatch

FLEET = 200
LATENCY_S = 0.05
ROWS = 34
NOW = datetime.now(timezone.utc)


class Clock:
    """Says what time it is; it moves when it is told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


def endpoint(number: int) -> dict[str, Any]:
    """What DescribeEndpoint and Search say of the number-th endpoint from the newest."""
    created = NOW - timedelta(hours=number + 1)
    variant = {"VariantName": "main", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2, "CurrentWeight": 1.0}
    return {
        "EndpointName": f"endpoint-{number:03}",
        "EndpointStatus": "InService",
        "EndpointConfigName": f"config-{number:03}",
        "CreationTime": created,
        "LastModifiedTime": created,
        "ProductionVariants": [variant],
    }


def can(canned: Canned) -> None:
    """Let it answer all that the list asks; each answer takes its time."""

    def slowly(answer: Any) -> Any:
        def made(asked: dict[str, Any]) -> Any:
            time.sleep(LATENCY_S)
            return answer(asked) if callable(answer) else answer

        return made

    fleet = [endpoint(number) for number in range(FLEET)]
    keys = ("EndpointName", "EndpointStatus", "CreationTime", "LastModifiedTime")
    listed = [{key: one[key] for key in keys} for one in fleet]
    pages = [{"Endpoints": listed[:100], "NextToken": "2"}, {"Endpoints": listed[100:]}]
    canned.answers("ListEndpoints", slowly(lambda asked: pages[1 if asked.get("NextToken") else 0]))
    by_name = {one["EndpointName"]: one for one in fleet}
    canned.answers("DescribeEndpoint", slowly(lambda asked: by_name[asked["EndpointName"]]))
    config = [{"VariantName": "main", "ModelName": "model", "InstanceType": "ml.m5.xlarge"}]
    canned.answers(
        "DescribeEndpointConfig",
        slowly(lambda asked: {"EndpointConfigName": asked["EndpointConfigName"], "ProductionVariants": config}),
    )
    canned.answers("Search", slowly(lambda asked: {"Results": [{"Endpoint": by_name[name]} for name in named(asked)]}))
    canned.answers("DescribeScalableTargets", slowly({"ScalableTargets": []}))
    # Three hours of each metric.
    at = [NOW.timestamp() - 60 * minute for minute in range(180, 0, -1)]
    points = json.dumps({"Timestamps": at, "Values": [7.0] * 180})[1:]

    def measured(asked: dict[str, Any]) -> Raw:
        # Written by hand: what the server takes for it is not what is measured.
        results = ", ".join(f'{{"Id": "m{number}", {points}' for number in range(len(asked["MetricDataQueries"])))
        return Raw(f'{{"MetricDataResults": [{results}]}}'.encode())

    canned.answers("GetMetricData", slowly(measured))
    canned.answers("GetCallerIdentity", slowly({"Account": "1", "Arn": "arn:aws:iam::1:user/me"}))


def named(asked: dict[str, Any]) -> list[str]:
    """The names in a SearchExpression."""
    expression = asked["SearchExpression"]
    parts = expression.get("SubExpressions") or [expression]
    return [one["Value"] for part in parts for one in part["Filters"]]


def source(canned: Canned) -> AwsSource:
    """The AWS source on the canned server."""
    return AwsSource(
        ClientSettings(region="eu-west-1", endpoint_url=canned.url, access_key="AKIAFALSE", secret_key="false")
    )


async def seconds_to_the_last_row(canned: Canned) -> float:
    """From the first ListEndpoints to the picture that has the last row with its requests, after `G`."""
    aws = source(canned)
    for service in ("sagemaker", "cloudwatch", "application-autoscaling"):
        aws.clients.client(service)  # type: ignore[arg-type]  # making a client is not what is measured
    context = Context(aws, Settings(archive=False, refresh_s=3600))
    app = SagetopApp(context)
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    last = f"endpoint-{FLEET - 1:03}"

    def after_each_picture() -> None:
        if not done.done():
            row = next((line for line in screen_text(app).split("\n") if last in line), "")
            if row.split().count("7"):  # its requests a minute
                done.set_result(time.perf_counter())

    app.post_display_hook = after_each_picture  # type: ignore[method-assign]
    async with app.run_test(size=(140, ROWS + 4)) as pilot:
        app.go_to("endpoints")
        began: float | None = None
        while not done.done():
            if began is None and canned.count("ListEndpoints"):
                began = time.perf_counter()
            if canned.count("ListEndpoints") >= 2:
                await pilot.press("G")
            await asyncio.sleep(0.01)
        assert began is not None
        return done.result() - began


def an_hour(canned: Canned) -> tuple[int, float]:
    """GetMetricData calls of the first look, and what an hour costs with one screen of rows shown."""
    clock, aws = Clock(), source(canned)
    watch = EndpointsWatch(aws, clock)
    while watch.has_more:
        watch.load_page()
    shown = [endpoint.name for endpoint in watch.view.endpoints[:ROWS]]
    watch.look(shown)
    first = canned.count("GetMetricData")
    for _ in range(60):
        clock.moment += timedelta(seconds=60)
        watch.look(shown)
    assert not watch.view.errors, watch.view.errors
    return first, requests_usd(aws.metrics_asked)


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    with Canned() as canned:
        can(canned)
        times = [asyncio.run(seconds_to_the_last_row(canned)) for _ in range(3)]
    global LATENCY_S
    LATENCY_S = 0.0
    with Canned() as canned:
        can(canned)
        first, cost = an_hour(canned)
    return [
        (f"{FLEET} endpoints, list to the last row at 50 ms a request (s)", statistics.median(times), "≤ 1.5"),
        (f"GetMetricData calls for {FLEET} endpoints, six metrics each", first, "3"),
        (f"an hour of {ROWS} rows each minute and {FLEET} each five, USD", cost, "≤ 0.30"),
    ]
