"""Draws the pictures of the README from the demo: `python -m tests.draw_screenshots [NAME…]`.

Each is the real app over the demo's AWS, without a terminal. SVG always; PNG too where Chromium is on the PATH.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from tests.screen_text import screen_text
from tui.app import Leave, SagetopApp
from tui.cli import sources
from tui.config import Folders, Settings
from tui.demo.launch import ACCESS_KEY, REGION, SECRET_KEY, Demo
from tui.screens.context import Context

FOLDER = Path(__file__).parents[1] / "screenshots"
PATIENCE_S = 60
FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'
SCALE = 0.6
"""Pixels a unit of the SVG: large enough to read, small enough to keep; the SVG is sharp at any size."""

CHART = re.compile(r"└[─┬┻┸┷]+")
CURVE = re.compile(r"[\u2801-\u28ff]")
GAUGE = re.compile(r"\d+ [█▉▊▋▌▍▎▏]")
LINE = re.compile(r"^[ ▸!] ?\d\d:\d\d:\d\d ", re.MULTILINE)

AppPilot = Pilot[Leave | None]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: how large the terminal is, and what is done and waited for before it is drawn."""

    size: tuple[int, int]
    prepare: Callable[[AppPilot], Awaitable[None]]
    theme: str = "dark"


async def until(pilot: AppPilot, *holds: Callable[[str], object]) -> None:
    """Wait until what is on screen satisfies all of these."""
    deadline = time.monotonic() + PATIENCE_S
    while not all(hold(text := screen_text(pilot.app)) for hold in holds):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not on screen after {PATIENCE_S} s:\n{text}")
        await pilot.pause(0.1)
    await pilot.pause()


async def type_in(pilot: AppPilot, text: str) -> None:
    """Press the key of each character."""
    names = {":": "colon", "/": "slash", "<": "less_than_sign", " ": "space", "-": "minus", "!": "exclamation_mark"}
    await pilot.press(*(names.get(character, character) for character in text))


async def jobs(pilot: AppPilot) -> None:
    """The first screen, with its latest values."""
    curve = re.compile(r" \d+\.\d+ +[▁▂▃▄▅▆▇█]")
    await until(pilot, lambda text: "● Training" in text, lambda text: len(curve.findall(text)) > 10)
    await until(pilot, lambda text: " demo" in text.split("\n")[0])


async def open_job(pilot: AppPilot, words: str) -> None:
    """The first job that a filter finds, with its log and its charts."""
    await jobs(pilot)
    await pilot.press("slash")
    await type_in(pilot, words)
    await until(pilot, lambda text: re.search(r" \d+ of \d+ ", text))
    await pilot.press("enter")
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda text: "jobs ▸ " in text, lambda text: len(LINE.findall(text)) > 8)


async def charts(pilot: AppPilot) -> None:
    """Every chart on screen has been drawn."""
    await until(pilot, CHART.search, lambda text: len(CURVE.findall(text)) > 60)


async def job(pilot: AppPilot) -> None:
    """Two hosts, their log, their charts, their gauges."""
    await open_job(pilot, "resnet50 status:training")
    await charts(pilot)
    # Until the log has been read from its start, its values and CloudWatch's are both shown.
    await until(pilot, lambda text: len(GAUGE.findall(text)) >= 4, lambda text: "from the log" in text)


async def job_log(pilot: AppPilot) -> None:
    """The log alone, as on a small terminal."""
    await open_job(pilot, "resnet50 status:training")
    await until(pilot, lambda text: "GPU" in text)


async def job_charts(pilot: AppPilot) -> None:
    """The charts alone."""
    await job_log(pilot)
    await pilot.press("2")
    await charts(pilot)


async def overfit(pilot: AppPilot) -> None:
    """Training loss goes down, validation loss goes up, and the mark on the axis says since when."""
    await open_job(pilot, "bert status:training")
    await charts(pilot)
    await until(pilot, GAUGE.search, lambda text: "! overfits since" in text, lambda text: " overfitting " in text)
    await pilot.press("2", "2")
    await charts(pilot)


async def failed(pilot: AppPilot) -> None:
    """The reason at the top, the traceback open."""
    await open_job(pilot, "t5 status:failed")
    await charts(pilot)
    await until(pilot, GAUGE.search)
    await pilot.press("g", "e")
    await until(pilot, lambda text: LINE.search(text) and "OutOfMemoryError" in text)
    await pilot.press("enter")
    await until(pilot, lambda text: "Traceback (most recent call last)" in text)
    await pilot.press("k", *["j"] * 12)
    await until(
        pilot, lambda text: "Traceback (most recent call last)" in text and "Reporting training FAILURE" in text
    )


async def endpoints(pilot: AppPilot) -> None:
    """The endpoints with their traffic."""
    await jobs(pilot)
    await pilot.press("colon")
    await type_in(pilot, "endpoints")
    await pilot.press("enter")
    await until(pilot, lambda text: "23%" in text, lambda text: "2–10" in text)


async def endpoint(pilot: AppPilot) -> None:
    """Two variants: traffic, log, use, facts."""
    await endpoints(pilot)
    await pilot.press("colon")
    await type_in(pilot, "endpoint ranker-prod")
    await pilot.press("enter")
    await until(pilot, lambda text: "endpoints ▸ ranker-prod" in text, lambda text: "HTTP/1.1" in text)
    await charts(pilot)
    await until(pilot, GAUGE.search)


async def change(pilot: AppPilot) -> None:
    """What suspending auto-scaling would send."""
    await endpoints(pilot)
    await pilot.press("G", "A")
    await until(pilot, lambda text: "suspend until" in text)
    await pilot.press("enter")
    await until(pilot, lambda text: "RegisterScalableTarget" in text, lambda text: "ACCOUNT" in text)


async def ask(pilot: AppPilot) -> None:
    """A request, and the model's answer."""
    await endpoints(pilot)
    await pilot.press("i")
    await until(pilot, lambda text: "Nothing was asked yet" in text)
    await type_in(pilot, "[1, 2, 3]")
    await pilot.press("ctrl+s")
    await until(pilot, lambda text: '"predictions"' in text)


async def compared(pilot: AppPilot) -> None:
    """Three runs of one model over one another."""
    await jobs(pilot)
    await pilot.press("slash")
    await type_in(pilot, "resnet50")
    await until(pilot, lambda text: re.search(r" \d+ of \d+ ", text))
    await pilot.press("enter", "space", "j", "space", "j", "space", "c")
    await until(pilot, lambda text: "compare" in text, CHART.search, lambda text: len(CURVE.findall(text)) > 60)


async def workshop(pilot: AppPilot) -> None:
    """A metric definition on the job's own log."""
    await open_job(pilot, "bert status:training")
    await pilot.press("m")
    await until(pilot, lambda text: "definitions" in text)
    await pilot.press("tab", "enter")
    await until(pilot, lambda text: re.search(r"lines that match ── [\d,]+", text), CURVE.search)


async def keys(pilot: AppPilot) -> None:
    """The keys of the jobs screen."""
    await jobs(pilot)
    await pilot.press("question_mark")
    await until(pilot, lambda text: "Keys that work here" in text)


async def filtered(pilot: AppPilot) -> None:
    """Some of the jobs, while one types."""
    await jobs(pilot)
    await pilot.press("slash")
    await type_in(pilot, "!mnist status:failed age<6d")
    await until(pilot, lambda text: re.search(r" \d+ of \d+ ", text), lambda text: "✓ Completed" not in text)


PICTURES = {
    "jobs-80x24": Picture((80, 24), jobs),
    "jobs-160x45": Picture((160, 45), jobs),
    "jobs-light-120x36": Picture((120, 36), jobs, theme="light"),
    "filter-120x36": Picture((120, 36), filtered),
    "help-80x24": Picture((80, 24), keys),
    "job-160x45": Picture((160, 45), job),
    "job-log-80x24": Picture((80, 24), job_log),
    "job-charts-80x24": Picture((80, 24), job_charts),
    "job-overfit-120x36": Picture((120, 36), overfit),
    "job-failed-160x45": Picture((160, 45), failed),
    "endpoints-120x36": Picture((120, 36), endpoints),
    "endpoint-160x45": Picture((160, 45), endpoint),
    "change-120x36": Picture((120, 36), change),
    "change-80x24": Picture((80, 24), change),
    "compare-160x45": Picture((160, 45), compared),
    "workshop-120x36": Picture((120, 36), workshop),
    "ask-120x36": Picture((120, 36), ask),
}


async def draw(name: str, picture: Picture, demo: Demo) -> str:
    """The SVG of a picture."""
    source = sources.demo(demo.url, ACCESS_KEY, SECRET_KEY, REGION, 30.0)
    settings = Settings(theme=picture.theme, folders=Folders.under(demo.folder))
    app = SagetopApp(Context(source, settings, archive=sources.archive(settings), demo=True))
    async with app.run_test(size=picture.size) as pilot:
        await picture.prepare(pilot)
        return with_local_fonts(app.export_screenshot(title=f"sagetop: {name}"))


def with_local_fonts(svg: str) -> str:
    """The picture without fonts from elsewhere: nobody is asked for one by looking at it."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family:\s*Fira Code[^;]*;", f"font-family: {FONTS};", svg)


def photograph(browser: str, svg: Path) -> None:
    """The PNG beside an SVG, as a browser shows it."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
    assert found is not None
    width, height = (round(float(length)) for length in found.groups())
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-lcd-text",
            "--hide-scrollbars",
            "--default-background-color=00000000",
            f"--force-device-scale-factor={SCALE}",
            f"--window-size={width},{height}",
            f"--screenshot={svg.with_suffix('.png')}",
            svg.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def main() -> None:
    """Draw those named, or all."""
    wanted = sys.argv[1:] or list(PICTURES)
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    FOLDER.mkdir(exist_ok=True)
    with Demo(seed=1) as demo:
        for name in wanted:
            path = FOLDER / f"{name}.svg"
            path.write_text(asyncio.run(draw(name, PICTURES[name], demo)), encoding="utf-8")
            if browser is not None:
                photograph(browser, path)
            print(path.relative_to(FOLDER.parent))
    if browser is None:
        print("no browser on the PATH: the PNGs are as they were")


if __name__ == "__main__":
    main()
