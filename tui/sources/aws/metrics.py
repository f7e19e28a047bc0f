"""Metrics over time: GetMetricData."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, cast

from tui.model.periods import period_for
from tui.model.series import MetricQuery, Series
from tui.sources.aws.clients import Clients

QUERIES = 500
"""Queries in one GetMetricData call; AWS allows no more."""

_MICROSECONDS = frozenset(
    {
        "ModelLatency",
        "OverheadLatency",
        "ModelSetupTime",
        "ModelDownloadingTime",
        "ModelLoadingTime",
        "ModelUnloadingTime",
        "ModelLoadingWaitTime",
    }
)


def metrics(clients: Clients, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
    """The series of these queries, in their order, by one GetMetricData call for every 500.

    Utilizations are in percent (of one core or GPU: above 100 where there are several), latencies in milliseconds. A
    period that CloudWatch keeps no more at that age is widened to one that it keeps.
    """
    if end_ms <= start_ms:
        return tuple(_empty(query) for query in queries)
    age_s = time.time() - start_ms / 1000
    series: list[Series] = []
    for first in range(0, len(queries), QUERIES):
        series += _ask(clients, queries[first : first + QUERIES], start_ms, end_ms, age_s)
    return tuple(series)


def _ask(clients: Clients, queries: Sequence[MetricQuery], start_ms: int, end_ms: int, age_s: float) -> list[Series]:
    series = [_empty(query) for query in queries]
    periods = [period_for(age_s, query.period_s) for query in queries]
    # Whole periods since the epoch, so that two calls for overlapping times give the same datapoints.
    start_ms -= start_ms % (max(periods) * 1000)
    parameters: dict[str, object] = {
        "MetricDataQueries": [
            {
                "Id": f"m{number}",
                "ReturnData": True,
                "MetricStat": {"Metric": _metric(query), "Period": period, "Stat": query.stat},
            }
            for number, (query, period) in enumerate(zip(queries, periods, strict=True))
        ],
        "StartTime": datetime.fromtimestamp(start_ms / 1000, timezone.utc),
        "EndTime": datetime.fromtimestamp(end_ms / 1000, timezone.utc),
        "ScanBy": "TimestampAscending",
    }
    # Once a client: a second registration of the same id is none.
    clients.client("cloudwatch").meta.events.register(
        "before-parse.cloudwatch.GetMetricData", parse, unique_id="sagetop-GetMetricData"
    )
    while True:
        answer = clients.call("cloudwatch", "GetMetricData", **parameters)
        clients.metrics_asked += len(queries)
        for result in answer.get("MetricDataResults", ()):
            number = int(result["Id"][1:])
            scale = _scale(queries[number])
            series[number].times.extend(to_ms(result.get("Timestamps", ())))
            values = result.get("Values", ())
            series[number].values.extend(values if scale == 1 else (value * scale for value in values))
        if not answer.get("NextToken"):
            return series
        parameters["NextToken"] = answer["NextToken"]


def parse(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], operation_model: Any, **_: object
) -> None:
    """Reads an answer of GetMetricData in place of botocore's parser, which makes a datetime of every timestamp.

    An error, another protocol than JSON (which an older botocore may speak) and what orjson does not read are left to
    botocore's.
    """
    if response_dict["status_code"] >= 300 or operation_model.service_model.resolved_protocol != "json":
        return
    import orjson

    try:
        page = orjson.loads(response_dict["body"])
    except orjson.JSONDecodeError:
        return
    if isinstance(page, dict) and isinstance(page.get("MetricDataResults"), list):
        response_dict["body"] = b"{}"
        customized_response_dict.update(page)


def to_ms(moments: Sequence[float | datetime]) -> list[int]:
    """ms since the epoch, of the seconds of an answer in JSON or of botocore's datetimes."""
    if moments and isinstance(moments[0], datetime):
        return [round(moment.timestamp() * 1000) for moment in cast("Sequence[datetime]", moments)]
    return [round(seconds * 1000) for seconds in cast("Sequence[float]", moments)]


def _metric(query: MetricQuery) -> dict[str, Any]:
    """Namespace, name and dimensions of what a query is about."""
    if query.kind == "job":
        namespace, dimensions = "/aws/sagemaker/TrainingJobs", {"TrainingJobName": query.owner}
    elif query.kind == "host":
        namespace, dimensions = "/aws/sagemaker/TrainingJobs", {"Host": f"{query.owner}/{query.part}"}
    elif query.kind in ("component", "copy"):
        # Its name is all that its metrics have: there is but one of that name in an account and region.
        namespace = "AWS/SageMaker" if query.kind == "component" else "/aws/sagemaker/InferenceComponents"
        dimensions = {"InferenceComponentName": query.part}
    else:
        namespace = "AWS/SageMaker" if query.kind == "variant" else "/aws/sagemaker/Endpoints"
        dimensions = {"EndpointName": query.owner, "VariantName": query.part}
    return {
        "Namespace": namespace,
        "MetricName": query.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }


def _empty(query: MetricQuery) -> Series:
    unit = "%" if query.kind in ("host", "instance", "copy") else "ms" if _scale(query) != 1 else ""
    return Series(query.metric, array("q"), array("d"), "cloudwatch", query.part, unit, query.stat)


def _scale(query: MetricQuery) -> float:
    """What turns CloudWatch's microseconds into milliseconds; a count of samples stays a count."""
    counts = query.stat == "SampleCount" or query.stat.startswith(("PR", "TC"))
    return 1e-3 if query.kind in ("variant", "component") and query.metric in _MICROSECONDS and not counts else 1
