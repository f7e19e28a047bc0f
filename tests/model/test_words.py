"""How numbers, times and names are written: short, and never misleading."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.words import DASH, cut, number, percent, plural, short_instance, size, span, utc


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, DASH),
        (0, "0s"),
        (4.9, "4s"),
        (59, "59s"),
        (60, "1m"),
        (61, "1m01s"),
        (599, "9m59s"),
        (600, "10m"),
        (41 * 60 + 30, "41m"),
        (3600, "1h"),
        (3 * 3600 + 12 * 60, "3h12m"),
        (86_399, "23h59m"),
        (86_400, "1d"),
        (86_400 * 2 + 3600 * 5, "2d5h"),
        (86_400 * 41, "41d"),
        (-61, "-1m01s"),
        (-0.5, "0s"),
        (math.nan, DASH),
        (math.inf, DASH),
        (timedelta(minutes=41), "41m"),
    ],
)
def test_span(seconds: float | timedelta | None, expected: str) -> None:
    assert span(seconds) == expected


@given(st.floats(0, 86_400 * 99_999))
def test_a_span_is_at_most_six_characters(seconds: float) -> None:
    assert len(span(seconds)) <= 6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, DASH),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.2431, "1.243"),
        (0.418, "0.418"),
        (3.1e-4, "3.1e-4"),
        (0.0012345, "0.00123"),
        (-0.0012345, "-0.0012"),
        (-1.75e308, "-2e308"),
        (-3.1e-4, "-3.1e-4"),
        (0.001, "0.001"),
        (41_200, "41,200"),
        (999.96, "1,000"),
        (123_456, "123,456"),
        (1_234_567, "1.23M"),
        (-123_456, "-123k"),
        (999_999_999, "1G"),
        (1e15, "1.0e15"),
        (1e300, "1.0e300"),
    ],
)
def test_number(value: float | None, expected: str) -> None:
    assert number(value) == expected


@given(value=st.floats(), width=st.integers(7, 12))
def test_a_number_fits_its_width_and_stays_close(value: float, width: int) -> None:
    text = number(value, width)
    assert len(text) <= width
    if 1e-99 < abs(value) < 1e99 and text[-1] not in "kMGT":
        # `-2.3e-78` takes eight characters: in seven there is room for one digit only.
        tolerance = 0.05 if width >= 8 or abs(value) >= 1e-9 else 0.34
        assert math.isclose(float(text.replace(",", "")), value, rel_tol=tolerance)


@given(st.floats(-1e15, 1e15))
def test_a_number_with_a_unit_stays_close(value: float) -> None:
    text = number(value).replace(",", "")
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1])
    if scale:
        assert math.isclose(float(text[:-1]) * scale, value, rel_tol=0.05)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, DASH), (math.nan, DASH), (94.4, "94%"), (0, "0%"), (775.2, "775%"), (math.inf, DASH)]
)
def test_percent(value: float | None, expected: str) -> None:
    assert percent(value) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, DASH),
        (0, "0 B"),
        (512, "512 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (10 * 1024, "10 KB"),
        (12 * 1024**3, "12 GB"),
        (1024**2 - 1, "1.0 MB"),
        (1.5 * 1024**4, "1.5 TB"),
        (-2048, "-2.0 KB"),
        (-20_480, "-20 KB"),
        (math.nan, DASH),
    ],
)
def test_size(count: float | None, expected: str) -> None:
    assert size(count) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("resnet", 6, "resnet"),
        ("resnet50", 6, "res…50"),
        ("resnet50", 5, "re…50"),
        ("resnet50", 2, "r…"),
        ("resnet50", 1, "…"),
        ("resnet50", 0, ""),
        ("", 0, ""),
        ("resnet50", -3, ""),
    ],
)
def test_a_name_is_cut_in_the_middle(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected


@given(st.text(), st.integers(0, 80))
def test_a_cut_name_keeps_its_ends_and_fits(text: str, width: int) -> None:
    short = cut(text, width)
    assert len(short) <= width
    if "…" in short and "…" not in text:
        head, tail = short.split("…")
        assert text.startswith(head)
        assert text.endswith(tail)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("ml.p4d.24xlarge", "p4d.24xl"), ("ml.m5.large", "m5.large"), ("ml.m5.xlarge", "m5.xl"), ("local", "local")],
)
def test_short_instance(kind: str, expected: str) -> None:
    assert short_instance(kind) == expected


def test_utc_is_iso_8601_with_a_z_whatever_the_zone() -> None:
    noon = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert utc(noon) == "2026-11-22T10:00:00Z"
    assert utc(noon.replace(microsecond=120_000)) == "2026-11-22T10:00:00.120000Z"


@pytest.mark.parametrize(("count", "expected"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (10_000, "10,000 jobs")])
def test_plural(count: int, expected: str) -> None:
    assert plural(count, "job") == expected
