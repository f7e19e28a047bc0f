"""`sagetop audit`: what was changed from this machine, without asking AWS."""

from __future__ import annotations

import json

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto


def test_nothing_yet(sagetop: Sagetop) -> None:
    ended = sagetop("audit")
    assert (ended.code, ended.out) == (0, "")
    assert "nothing was changed" in ended.err


def test_a_line_a_change_with_the_newest_last(moto: Moto, sagetop: Sagetop) -> None:
    for name in ("bert-1", "bert-2"):
        moto.add_job(name)
        sagetop("stop", name, "--yes", at=moto.url)
    header, first, second = sagetop("audit").lines
    assert header.split() == ["TIME", "ID", "OUTCOME", "WHAT", "ACCOUNT", "REGION", "WHO"]
    assert "done" in first
    assert "Stop training job bert-1" in first
    assert "Stop training job bert-2" in second
    assert len(sagetop("audit", "--limit", "1").lines) == 2
    (record,) = [json.loads(line) for line in sagetop("audit", "--limit", "1", "--json").lines]
    assert record["title"] == "Stop training job bert-2"
    assert record["before"]["status"] == "InProgress"
    assert record["after"]["status"] in ("Stopping", "Stopped")
    assert record["request"][0]["parameters"] == {"TrainingJobName": "bert-2"}
