"""GetMetricData of 70 metrics of a day, a minute each: read by sagetop, against boto3's own way, on the same answer."""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.moto_server import ms, now, running_moto
from tui.model.series import MetricQuery
from tui.sources.aws import metrics
from tui.sources.aws.source import AwsSource

METRICS = 70
POINTS = 1440


def captured() -> tuple[dict[str, Any], Any]:
    """An answer as it comes from the wire, and what botocore knows of the operation."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_moto() as moto:
        end = ms(now()) // 60_000 * 60_000
        start = end - POINTS * 60_000
        for number in range(METRICS):
            points = [(start + minute * 60_000, number + minute / 7) for minute in range(POINTS)]
            moto.add_metric("/aws/sagemaker/TrainingJobs", f"m{number}", {"TrainingJobName": "job"}, points)
        source, found = AwsSource(moto.settings()), list[tuple[dict[str, Any], Any]]()
        events = source.clients.client("cloudwatch").meta.events

        def keep(response_dict: dict[str, Any], operation_model: Any, **_: object) -> None:
            found.append((dict(response_dict), operation_model))

        events.register_first("before-parse.cloudwatch.GetMetricData", keep)
        series = source.metrics([MetricQuery("job", "job", f"m{number}") for number in range(METRICS)], start, end)
        assert sum(map(len, series)) == METRICS * POINTS
        return found[0]


def best(action: Callable[[], object]) -> float:
    """Seconds, the shortest of five."""
    shortest = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        action()
        shortest = min(shortest, time.perf_counter() - begun)
    return shortest


def boto3_way(response: dict[str, Any], operation: Any) -> list[tuple[array[int], array[float]]]:
    """What a plain boto3 client makes of it, as series."""
    from botocore.parsers import create_parser

    parsed = create_parser(operation.service_model.resolved_protocol).parse(dict(response), operation.output_shape)

    def to_ms(moment: datetime) -> int:
        return round(moment.timestamp() * 1000)

    return [
        (array("q", map(to_ms, result["Timestamps"])), array("d", result["Values"]))
        for result in parsed["MetricDataResults"]
    ]


def our_way(response: dict[str, Any], operation: Any) -> list[tuple[array[int], array[float]]]:
    """What sagetop makes of it."""
    page: dict[str, Any] = {}
    metrics.parse(response_dict=dict(response), customized_response_dict=page, operation_model=operation)
    return [
        (array("q", metrics.to_ms(result["Timestamps"])), array("d", result["Values"]))
        for result in page["MetricDataResults"]
    ]


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    response, operation = captured()
    assert our_way(response, operation) == boto3_way(response, operation)
    ours = best(lambda: our_way(response, operation))
    theirs = best(lambda: boto3_way(response, operation))
    what = f"GetMetricData, {METRICS} × {POINTS:,}"
    return [
        (f"{what}: boto3's time ÷ sagetop's", theirs / ours, "≥ 10"),
        (f"{what}, read (ms)", ours * 1000, ""),
    ]
