"""GetMetricData read by sagetop: the numbers that botocore reads; what it does not read is left to botocore."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.sources.aws.metrics import parse, to_ms

SECONDS = st.one_of(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000))
RESULT = st.lists(st.tuples(SECONDS, st.floats(allow_nan=False, allow_infinity=False)), max_size=5)


@cache
def operation() -> Any:
    """What botocore knows of GetMetricData."""
    import botocore.session

    return botocore.session.get_session().get_service_model("cloudwatch").operation_model("GetMetricData")


def answer(body: bytes, status: int = 200) -> dict[str, Any]:
    return {"headers": {}, "status_code": status, "body": body, "context": {}}


def by_botocore(response: dict[str, Any]) -> dict[str, Any]:
    from botocore.parsers import create_parser

    parsed: dict[str, Any] = create_parser("json").parse(response, operation().output_shape)
    return parsed


@settings(max_examples=50, deadline=None)
@given(st.lists(RESULT, max_size=3))
def test_it_reads_what_botocore_reads(results: list[list[tuple[float, float]]]) -> None:
    data = [
        {"Id": f"m{n}", "Timestamps": [at for at, _ in rows], "Values": [value for _, value in rows]}
        for n, rows in enumerate(results)
    ]
    body = json.dumps({"MetricDataResults": data, "NextToken": "more"}).encode()
    ours: dict[str, Any] = {}
    parse(response_dict=answer(body), customized_response_dict=ours, operation_model=operation())
    theirs = by_botocore(answer(body))
    assert ours["NextToken"] == theirs["NextToken"]
    for mine, other in zip(ours["MetricDataResults"], theirs["MetricDataResults"], strict=True):
        assert mine["Id"] == other["Id"]
        assert to_ms(mine["Timestamps"]) == to_ms(other["Timestamps"])
        assert mine["Values"] == other["Values"]


def test_an_error_and_what_is_no_json_are_left_to_botocore() -> None:
    for response in (answer(b'{"MetricDataResults": []}', 400), answer(b"<html>"), answer(b"[]"), answer(b"{}")):
        before, ours = dict(response), dict[str, Any]()
        parse(response_dict=response, customized_response_dict=ours, operation_model=operation())
        assert (response, ours) == (before, {})
