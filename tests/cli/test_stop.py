"""`sagetop stop`: stops a training job."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto


def test_a_job_is_stopped_and_it_is_said_that_it_cannot_be_undone(moto: Moto, sagetop: Sagetop) -> None:
    job = moto.add_job("bert-1")
    refused = sagetop("stop", "bert-1", at=moto.url)
    refused.failed(2)
    assert "cannot be undone" in refused.out
    assert job.training_job_status == "InProgress"
    assert sagetop("stop", "bert-1", "--yes", at=moto.url).code == 0
    assert job.training_job_status in ("Stopping", "Stopped")
    assert "cannot be undone: Stop training job bert-1" in sagetop("undo", "--yes", at=moto.url).failed(5)


def test_one_that_has_ended_needs_nothing(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("bert-1", TrainingJobStatus="Completed", SecondaryStatus="Completed")
    assert sagetop("stop", "bert-1", "--yes", at=moto.url).lines == ["nothing to do: bert-1 is Completed already"]


def test_one_that_does_not_exist(moto: Moto, sagetop: Sagetop) -> None:
    assert "there is no training job nope" in sagetop("stop", "nope", "--yes", at=moto.url).failed(4)


def test_a_protected_name_is_confirmed_by_it(moto: Moto, sagetop: Sagetop, tmp_path: Path) -> None:
    job = moto.add_job("nightly-1")
    config = tmp_path / "config.toml"
    config.write_text('protected = ["nightly-*"]')
    assert "--confirm nightly-1" in sagetop("stop", "nightly-1", "--yes", at=moto.url, SAGETOP_CONFIG=str(config)).err
    assert job.training_job_status == "InProgress"
