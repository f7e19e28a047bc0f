"""A bell and a word to the desktop when a marked job ends: once a job, and not for others."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.models import sagemaker_backends

from tests.moto_server import ACCOUNT, REGION, Moto
from tests.screens.monitor import opened
from tests.screens.world import NOW, RUNNING, WorldSource
from tui.demo.gaps_sagemaker import set_fields
from tui.widgets.resource_table import ResourceTable

STARTING = "wav2vec2-base-de-078"


def end(name: str, status: str) -> None:
    fields: dict[str, Any] = {"TrainingJobStatus": status, "SecondaryStatus": status, "TrainingEndTime": NOW}
    set_fields(sagemaker_backends[ACCOUNT][REGION].training_jobs[name], {**fields, "LastModifiedTime": NOW})


async def test_a_marked_job_that_ends_is_told_once(world: WorldSource, moto: Moto) -> None:
    async with opened(world) as monitor:
        await monitor.until(RUNNING, STARTING)
        while RUNNING not in (monitor.app.screen.query_one(ResourceTable).selected or ""):
            await monitor.press("j")
        await monitor.press("space")
        assert "\x1b]9;" not in "".join(monitor.sent)
        end(RUNNING, "Stopped")
        end(STARTING, "Failed")
        await monitor.press("r")
        await monitor.until(lambda _: "\x1b]9;" in "".join(monitor.sent))
        await monitor.press("r")
        await monitor.until_drawn()
        sent = "".join(monitor.sent)
        assert sent.count("\x1b]9;") == 1
        assert f"\a\x1b]9;sagetop: {RUNNING} Stopped\x07" in sent
