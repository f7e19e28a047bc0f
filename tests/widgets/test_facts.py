"""Names and values: long ones are folded where one would fold them by hand."""

from __future__ import annotations

import pytest

from tui.widgets.facts import folded


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("average 42.79, p50 39.1 ms", 16, ["average 42.79,", "p50 39.1 ms"]),
        ("s3://bucket/ranker-12/output/model.tar.gz", 24, ["s3://bucket/ranker-12/", "output/model.tar.gz"]),
        ("target 6,000, out after 2m", 11, ["target", "6,000, out", "after 2m"]),
        ("subnet-1,subnet-2,subnet-3", 10, ["subnet-1,", "subnet-2,", "subnet-3"]),
        ("", 10, [""]),
    ],
)
def test_folding(text: str, room: int, lines: list[str]) -> None:
    assert folded(text, room) == lines
