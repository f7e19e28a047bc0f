"""The jobs screen: what it shows, and that it keeps itself current without disturbing whoever looks."""

from __future__ import annotations

import re

import pytest

from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import COMPLETED, FAILED, NOW, RUNNING, WorldSource, before, job_fields
from tui.config import Settings

NEWEST_FIRST = (
    "wav2vec2-base-de-078",
    "mnist-keras-298",
    RUNNING,
    FAILED,
    COMPLETED,
    "yolo-parts-175",
    "forecast-lstm-105",
)


def names(monitor: Monitor) -> list[str]:
    """The names in the table, from top to bottom."""
    found = (re.match(r".{3}(\S+)  +\S ", line) for line in monitor.lines[2:-1])
    return [match.group(1) for match in found if match]


def selected(monitor: Monitor) -> str:
    return monitor.line("▸").split()[1]


async def test_jobs_in_every_state_newest_first(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        assert tuple(names(monitor)) == NEWEST_FIRST
        assert re.search(r"! +● Training +3h12m +3h  2×p3.8xl +GPU 72% +val loss 1.24  █▃▁▁▁", monitor.line(RUNNING))
        assert re.search(r"✕ Failed +5h +50m  1×g5.2xl +– +–", monitor.line(FAILED))
        assert re.search(r"✓ Completed +8h +55m  1×m5.xl +– +val loss 0.3246", monitor.line(COMPLETED))
        for words in ("● Starting", "● Download", "○ Stopped", "! Stopping"):
            assert monitor.line(words)
        await monitor.until("4 running", "7 jobs", "live", "123456789012 · eu-west-1")


async def test_it_says_where_there_are_no_jobs(empty: WorldSource) -> None:
    async with opened(empty) as monitor:
        await monitor.until("No training jobs in eu-west-1 yet", "0 jobs")


async def test_it_refreshes_by_itself_and_the_selected_row_stays_selected(world: WorldSource, moto: Moto) -> None:
    async with opened(world, settings=Settings(refresh_s=0.05)) as monitor:
        await monitor.until(FAILED)
        await monitor.press("j", "j", "j")
        assert selected(monitor) == FAILED
        moto.add_job("brand-new", created=before(seconds=1))
        await monitor.until("brand-new", "8 jobs")
        assert selected(monitor) == FAILED
        assert names(monitor)[0] == "brand-new"


async def test_r_does_not_wait_for_its_time(world: WorldSource, moto: Moto) -> None:
    async with opened(world, settings=Settings(refresh_s=3600)) as monitor:
        await monitor.until("7 jobs")
        moto.add_job("brand-new", created=before(seconds=1))
        await monitor.press("r")
        await monitor.until("brand-new")


async def test_it_filters_while_one_types(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        await monitor.press("slash")
        await monitor.type("ber")
        await monitor.until("1 of 7")
        assert names(monitor) == [FAILED]
        await monitor.press("enter", "j")  # the filter stays, the keys are the table's again
        assert names(monitor) == [FAILED]
        await monitor.press("escape")  # so escape shows all again, as it does in the filter itself
        await monitor.until("7 jobs")
        await monitor.press("slash")
        await monitor.type("ber")
        await monitor.until("1 of 7")
        await monitor.press("escape")
        await monitor.until("7 jobs")
        assert tuple(names(monitor)) == NEWEST_FIRST


FILTERS = {
    "status:failed": {FAILED},
    "status:training": {RUNNING},
    "type:g5": {FAILED},
    "name:de": {"wav2vec2-base-de-078"},
    "age<1h": {"wav2vec2-base-de-078", "mnist-keras-298"},
    "age>20h !yolo": {"forecast-lstm-105"},
    "status:inprogress age>1h": {RUNNING},
    "!status:inprogress !status:failed": {COMPLETED, "yolo-parts-175", "forecast-lstm-105"},
}


async def test_the_words_of_a_filter_may_be_combined(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        for text, wanted in FILTERS.items():
            await monitor.press("slash")
            await monitor.paste(text)
            await monitor.until(f"{len(wanted)} of 7")
            assert set(names(monitor)) == wanted, text
            await monitor.press("escape")
        await monitor.press("slash")
        await monitor.paste("no-such-thing")
        await monitor.until("No training jobs match no-such-thing")


async def test_s_sorts_by_each_column_in_turn(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        await monitor.press("s")
        assert names(monitor) == sorted(NEWEST_FIRST)
        await monitor.press("o")
        assert names(monitor) == sorted(NEWEST_FIRST, reverse=True)
        await monitor.press("s", "s")
        assert names(monitor) == list(NEWEST_FIRST)  # by age


async def test_a_click_on_a_heading_sorts_and_one_on_a_row_selects(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        header = monitor.line("METRIC")
        await monitor.pilot.click(offset=(header.index("RAN"), 1))
        await monitor.pilot.pause()
        assert names(monitor)[:2] == ["forecast-lstm-105", RUNNING]  # the longest first
        await monitor.pilot.click(offset=(5, 3))
        await monitor.until(lambda _: selected(monitor) == RUNNING)
        await monitor.pilot.click(offset=(5, 3), times=2)
        await monitor.until(f"jobs ▸ {RUNNING}")


async def test_enter_opens_a_job_and_q_comes_back_to_it(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        await monitor.press("j", "j", "enter")
        await monitor.until(f"jobs ▸ {RUNNING}")
        await monitor.press("q")
        await monitor.until("7 jobs")
        assert selected(monitor) == RUNNING


async def test_nothing_is_asked_for_the_list_while_a_job_covers_it(
    world: WorldSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    call = world.clients.call

    def counted(service: str, operation: str, **parameters: object) -> object:
        asked.append(operation)
        return call(service, operation, **parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(world.clients, "call", counted)
    async with opened(world, settings=Settings(refresh_s=0.05)) as monitor:
        await monitor.until("GPU 72%")
        await monitor.visit(f"job {COMPLETED}")
        await monitor.until("train-rmse")
        settled = asked.count("ListTrainingJobs")
        await monitor.visit(f"job {RUNNING}")  # as long as that takes
        await monitor.until("48029")
        assert asked.count("ListTrainingJobs") - settled <= 1  # one may have been under way
        await monitor.press("q", "q")
        await monitor.until(lambda _: asked.count("ListTrainingJobs") > settled + 2)


async def test_the_newest_page_is_there_first_and_older_ones_follow(
    empty: WorldSource, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.jobs.PAGE_EVERY_S", 0.05)
    for number in range(250):
        created = before(minutes=number + 1)
        moto.add_job(f"job-{number:03}", created=created, **job_fields("Completed", "Completed", created, NOW))
    async with opened(empty, settings=Settings(refresh_s=3600)) as monitor:
        await monitor.until("100 jobs…", "job-000")
        await monitor.until("250 jobs ")
        await monitor.press("G")
        await monitor.until("job-249")
        await monitor.until(lambda _: "1×m5.xl" in monitor.line("job-249"))  # its details, once it is seen
