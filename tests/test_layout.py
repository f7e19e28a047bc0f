"""Every screen at every size: nothing is cut that one needs, nothing lies over another, and a resize loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import pytest
from textual.geometry import Region

from tests.moto_server import Moto
from tests.screen_text import assert_harmless, screen_strips
from tests.screens.monitor import Monitor, opened
from tests.screens.world import FAILED, NOW, RANKER, RUNNING, WorldSource, before, job_fields, put_world
from tui.sources.aws.clients import Learnt
from tui.widgets.log_view import LogView
from tui.widgets.pane import Pane
from tui.widgets.resource_table import ResourceTable

SMALL = (40, 12)
SIZES = (SMALL, (80, 24), (120, 36), (160, 45), (200, 60))


@pytest.fixture(scope="module")
def source(moto_session: Moto) -> WorldSource:
    """boto3's clients take most of a test's time to make."""
    return WorldSource(moto_session.settings())


@pytest.fixture
def world(source: WorldSource, moto: Moto) -> WorldSource:
    """A source on the small AWS of `tests/screens/world.py`."""
    put_world(moto)
    source.clients.learnt = Learnt()
    return source


async def assert_sound(monitor: Monitor, *wanted: str | re.Pattern[str]) -> None:
    """These are on screen, every line is as wide as the screen, and no part of it lies over another or beyond it."""
    await monitor.until(*wanted)
    await monitor.until_drawn()
    width, height = monitor.app.size
    strips = screen_strips(monitor.app)
    assert [strip.cell_length for strip in strips] == [width] * height
    assert_harmless(monitor.app)
    # What is about to be shown or hidden has no size.
    for first, second in combinations(filter(None, parts(monitor)), 2):
        assert not first.overlaps(second), monitor.text
    for part in parts(monitor):
        assert monitor.app.screen.region.contains_region(part), monitor.text


def parts(monitor: Monitor) -> Iterator[Region]:
    """Where the lines at the edges, the tables and the panes stand."""
    for widget in monitor.app.screen.query("*"):
        part = isinstance(widget, Pane) or (widget.parent is monitor.app.screen and not widget.query(Pane))
        on_screen = all(parent.display for parent in widget.ancestors_with_self)
        if part and on_screen and not widget.has_class("-textual-system"):
            yield widget.region


def panes(monitor: Monitor) -> list[str]:
    """The ids of the panes on screen."""
    return [str(pane.id) for pane in monitor.app.screen.query(Pane) if pane.region.area]


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
async def test_the_essentials_of_every_screen(world: WorldSource, size: tuple[int, int]) -> None:
    small, wide, high = size == SMALL, size[0] >= 100, size[1] >= 30
    async with opened(world, size=size) as monitor:
        # The jobs: their names, what they do, and as much of the rest as there is room for.
        await assert_sound(monitor, " sagetop  jobs", "4 running", "● Training", "✕ Failed", "✓ Completed")
        await assert_sound(monitor, re.compile(rf"{RUNNING[:8]}\S*{RUNNING[-4:]}"), FAILED[:5], "⏎ open")
        if not small:
            await assert_sound(monitor, "2 warnings  7 jobs", "3h12m", "GPU 72%", re.compile(r" 1\.24\b"), "0.3246")
            await assert_sound(monitor, "? help")
        if wide:
            await assert_sound(monitor, "2×p3.8xl")
            # The newest value of a curve is its last sign: it is never what is cut.
            await assert_sound(monitor, re.compile(rf"{RUNNING} .* 3h12m +3h .* 1\.24  …?[▁▂▃▄▅▆▇█]+▁$", re.MULTILINE))

        # Help and the line that asks where to go: over all the rest, and gone again.
        await monitor.press("question_mark")
        await monitor.until("Keys that work here", re.compile(r"j ↓ +down"))
        assert_harmless(monitor.app)
        await monitor.press("escape")
        await monitor.press("colon")
        await monitor.until(re.compile("^ : jobs  endpoints  local  demo  help", re.MULTILINE), FAILED[:5])
        assert_harmless(monitor.app)
        await monitor.type("endpoints")
        await monitor.press("enter")

        # The endpoints.
        await assert_sound(monitor, "NAME", "search-exp", RANKER, "✕ Failed", "● Updating", "✓ InService")
        if not small:
            traffic = re.compile(rf"{RANKER} .* 957 +38.2 .* 6.4% .* 2–8")
            await assert_sound(monitor, "2 in trouble  4 endpoints", traffic)

        # An endpoint: its state, and what it serves.
        await monitor.visit(f"endpoint {RANKER}")
        await assert_sound(monitor, "InService  9d", "1 traffic", "1500┤", re.compile("12:00 .*13:00 .*14:00"))
        if wide:
            await assert_sound(monitor, "2 log", "POST /invocations 200 19 ms")
        assert (len(panes(monitor)) > 1) == wide
        await monitor.press("q")

        # A job: its state and phases, its log's last line, and its charts or the strip that stands for them.
        await monitor.visit(f"job {RUNNING}")
        await assert_sound(monitor, "● Training  3h", "Starting 3m ▸ Downloading 39m", "Training 2h30m …")
        await assert_sound(monitor, "1 log", re.compile(r"2 Epoch 12/40 step 48029 train_loss="))
        if wide:
            loss = re.compile(r"── loss ── train ● 1\.0\d*  validation ▲ 1\.24")
            await assert_sound(monitor, f"jobs ▸ {RUNNING}", loss)
            assert "".join(panes(monitor)) == ("logchartshosts" if high else "logcharts")
        else:
            await assert_sound(monitor, re.compile(r"validation:loss 1.24 █"), "2 charts  3 hosts  4 facts")
            for key, words in (("2", "train ●"), ("3", "algo-2"), ("4", "load-balancing")):
                await monitor.press(key)
                await assert_sound(monitor, words)
                assert len(panes(monitor)) == 1


async def test_a_failure_is_told_where_there_is_hardly_room(world: WorldSource) -> None:
    async with opened(world, size=SMALL) as monitor:
        await monitor.visit(f"job {FAILED}")
        await assert_sound(monitor, "✕ AlgorithmError: CUDA out of memory", "✕ Failed", "OutOfMemoryError")
        await monitor.visit("endpoints")
        await monitor.visit("endpoint search-exp")
        await assert_sound(monitor, "✕ The primary container did not pass", "✕ Failed")


async def test_sizes_that_nobody_works_in_end_nothing(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        for place in (f"job {RUNNING}", "endpoints", f"endpoint {RANKER}", "help"):
            await monitor.visit(place)
            for size in ((1, 1), (2, 40), (12, 3), (300, 4)):
                await monitor.resize(*size)
                await monitor.press("j", "tab")
                assert_harmless(monitor.app)
        await monitor.resize(120, 36)
        await monitor.press("escape")
        await monitor.until("1 traffic", "InService")


# Back and forth

WAY = ((40, 12), (200, 60), (80, 24), (120, 36))


async def test_the_selected_row_stays_selected_and_on_screen(world: WorldSource, moto: Moto) -> None:
    for number in range(60):
        ended = job_fields("Completed", "Completed", before(days=3), NOW)
        moto.add_job(f"old-{number:02}", created=before(days=3, minutes=number), **ended)
    async with opened(world, size=(120, 36)) as monitor:
        await monitor.until("67 jobs")
        await monitor.press("G", *"kkkkk")
        for size in WAY:
            await monitor.resize(*size)
            await monitor.until(lambda _: monitor.line("▸").split()[1] == "old-54")
            assert monitor.app.screen.query_one(ResourceTable).selected == "old-54"


async def test_the_pane_with_the_keys_keeps_them(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("48029")
        await monitor.press("2")
        await monitor.until("━━ loss ━━")
        for size in WAY:
            await monitor.resize(*size)
            await monitor.until(re.compile("━ ?loss ?━"))  # lit: it has the keys
            assert "charts" in panes(monitor)
            assert ("log" in panes(monitor)) == (size[0] >= 100)


async def test_a_pane_alone_stays_alone(world: WorldSource) -> None:
    async with opened(world, size=(120, 36), open_job=RUNNING) as monitor:
        await monitor.until("━━ 1 log ━━", "48029")
        await monitor.press("z")
        for size in WAY:
            await monitor.resize(*size)
            await monitor.until("━━ 1 log ━━", "48029")
            assert panes(monitor) == ["log"]


async def test_a_log_that_follows_goes_on_following_and_one_that_does_not_stays(world: WorldSource) -> None:
    async with opened(world, size=(120, 36), open_job=RUNNING) as monitor:
        log = monitor.app.screen.query_one(LogView)
        await monitor.until(lambda _: len(log.text.lines) == 60)
        for size in WAY:
            await monitor.resize(*size)
            await monitor.until("2 Epoch 12/40 step 48029")
            assert log.following
        await monitor.press("g")
        for size in WAY:
            await monitor.resize(*size)
            await monitor.until("1 Epoch 12/40 step 48000")
            assert not log.following
