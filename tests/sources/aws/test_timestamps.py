"""The cheap timestamp parser says what botocore's says, of everything that AWS sends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from botocore.utils import parse_timestamp as botocore_says
from hypothesis import given
from hypothesis import strategies as st

from tests.moto_server import Moto
from tui.sources.aws.source import AwsSource
from tui.sources.aws.timestamps import parse_timestamp

moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(timezone.utc))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
zoned = st.datetimes(datetime(1970, 1, 3), datetime(2200, 1, 1), timezones=zones)


@given(moments, st.integers(0, 6))
def test_iso_8601_in_utc_with_any_fraction(moment: datetime, digits: int) -> None:
    fraction = f".{moment.microsecond:06d}"[: digits + 1] if digits else ""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    assert parse_timestamp(text) == botocore_says(text)


@given(zoned)
def test_iso_8601_in_any_zone(moment: datetime) -> None:
    assert parse_timestamp(moment.isoformat()) == botocore_says(moment.isoformat()) == moment


@given(zoned)
def test_rfc_822(moment: datetime) -> None:
    for text in (format_datetime(moment), format_datetime(moment.astimezone(timezone.utc), usegmt=True)):
        assert parse_timestamp(text) == botocore_says(text)


@given(st.floats(0, 7e9, allow_nan=False) | st.integers(0, 7_000_000_000))
def test_epoch_seconds_as_a_number_and_as_text(seconds: float) -> None:
    assert parse_timestamp(seconds) == botocore_says(seconds)  # type: ignore[arg-type]
    assert parse_timestamp(str(seconds)) == botocore_says(str(seconds))


@pytest.mark.parametrize("text", ["2026-02-30T00:00:00Z", "yesterday", "", "2026-11-22T25:00:00Z"])
def test_what_is_no_time_is_refused_as_botocore_refuses_it(text: str) -> None:
    with pytest.raises(ValueError, match="timestamp"):
        botocore_says(text)
    with pytest.raises(ValueError, match="timestamp"):
        parse_timestamp(text)


def test_every_client_parses_with_it(moto: Moto, aws: AwsSource) -> None:
    moto.add_job("job")
    job = aws.clients.call("sagemaker", "DescribeTrainingJob", TrainingJobName="job")
    assert job["CreationTime"].tzinfo is timezone.utc  # botocore's own has the machine's zone, of dateutil's kind
