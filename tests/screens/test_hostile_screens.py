"""Whatever AWS says of jobs and endpoints, the terminal gets no order from it: read from what the driver writes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from tests.moto_server import Moto, ms
from tests.screen_text import assert_harmless
from tests.screens.monitor import Monitor, opened
from tests.screens.world import ENDPOINT_LOGS, NOW, WorldSource, before, job_fields, put_log, put_traffic
from tests.test_hostile_text import HOSTILE
from tui.messages import IdentityArrived, JobsArrived, Noticed
from tui.screens.job import JobScreen
from tui.sources.base import Identity, SourceError
from tui.watch.jobs import JobsView
from tui.widgets.log_text import LogText

SHORT = {name: text for name, text in HOSTILE.items() if len(text) < 10_000 and name != "surrogates"}
LONG = {name: text for name, text in HOSTILE.items() if len(text) >= 10_000}
MEANT = re.compile(
    "\x1b\\[[0-9;:]*m"  # colours
    "|\x1b\\[[0-9]+;[0-9]+H"  # places
    "|\x1b\\[\\?2026[hl]"  # one picture at a time
    "|\x1b\\[\\?25[hl]"  # the cursor
    "|\x1b\\]22;[a-z-]*\x07"  # the pointer's shape
    "|\r?\n"
)


def assert_sent_nothing_hostile(monitor: Monitor) -> None:
    """Besides text and what Textual draws with, the terminal was sent nothing."""
    text = MEANT.sub("", "".join(monitor.sent))
    wrong = {char for char in text if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
    turns = {
        char for char in text if unicodedata.bidirectional(char) in ("RLE", "LRE", "RLO", "LRO", "RLI", "LRI", "FSI")
    }
    assert not wrong | turns, [match.group() for match in re.finditer(r".{0,30}[\x00-\x1f\x7f-\x9f].{0,30}", text)][:5]


async def look_around(monitor: Monitor, *keys: str) -> None:
    """Press keys one after the other, and look at every picture."""
    for key in ("", *keys):
        if key:
            await monitor.press(key)
        await monitor.until_drawn()
        assert_harmless(monitor.app)
    assert_sent_nothing_hostile(monitor)


def reason(texts: Sequence[str]) -> str:
    """Twenty times as long as AWS lets it be, and no longer: all of it is laid out, in the facts and in the JSON."""
    return "".join(text[: 20_480 // len(texts)] for text in texts)


def put_hostile_job(moto: Moto, texts: Sequence[str]) -> None:
    """A job that says these wherever people, containers or AWS may say something; long ones in reason and log only."""
    created, short = before(hours=1), [text[:1000] for text in texts]
    definitions = [{"Name": text[:200], "Regex": text} for text in short]
    moto.add_job(
        "job",
        created=created,
        **job_fields(
            "Failed",
            short[0],
            created,
            before(minutes=5),
            FailureReason=reason(texts),
            HyperParameters={text: text for text in short},
            AlgorithmSpecification={
                "TrainingImage": "".join(short),
                "TrainingInputMode": "File",
                "MetricDefinitions": definitions,
            },
            ResourceConfig={"InstanceType": "".join(short), "InstanceCount": 1, "VolumeSizeInGB": 30},
            FinalMetricDataList=[{"MetricName": text, "Value": 1.0, "Timestamp": NOW} for text in short],
            SecondaryStatusTransitions=[
                {"Status": text, "StartTime": created, "StatusMessage": text} for text in short
            ],
            OutputDataConfig={"S3OutputPath": "".join(short)},
        ),
    )
    for definition in definitions[:4]:
        points = [(ms(created + timedelta(minutes=minute)), float(minute)) for minute in range(5)]
        moto.add_metric("/aws/sagemaker/TrainingJobs", definition["Name"], {"TrainingJobName": "job"}, points)
    for number, text in enumerate(texts):
        put_log(moto, "job", f"algo-{number + 1}", [(before(minutes=30), text), (before(minutes=29), f"ERROR {text}")])
        moto.add_log(f"job/{text[:100].replace(':', ';')}", [(ms(before(minutes=28)), "a stream of that name")])


def put_hostile_endpoint(moto: Moto, texts: Sequence[str]) -> None:
    """The same for an endpoint."""
    fields = {"EndpointStatus": "Failed", "FailureReason": reason(texts)}
    endpoint = moto.add_endpoint("endpoint", created=before(hours=1), **fields)
    message = "".join(text[:1000] for text in texts)
    endpoint.production_variants[0].update({"VariantStatus": [{"Status": message, "StatusMessage": message}]})
    put_traffic(moto, "endpoint", "main", 10.0)
    lines = [(ms(before(minutes=5)), text) for text in texts]
    moto.add_log("main/i-1", lines, group=ENDPOINT_LOGS + "endpoint")


@pytest.mark.parametrize("texts", [SHORT, LONG], ids=["short", "256 KB"])
async def test_a_job_that_says_hostile_things(empty: WorldSource, moto: Moto, texts: Mapping[str, str]) -> None:
    put_hostile_job(moto, list(texts.values()))
    async with opened(empty, size=(100, 30)) as monitor:
        await monitor.until("1 job ", "✕ Failed")
        await look_around(monitor, "enter")
        await monitor.until("━━ 1 log ━━", "hosts")
        lines = monitor.app.screen.query_one(LogText)
        await monitor.until(lambda _: len(lines.lines) >= 3 * len(texts))
        await look_around(monitor, "w", "g", "4", "z", "end", "question_mark", "escape", "Y", "end")


@pytest.mark.parametrize("texts", [SHORT, LONG], ids=["short", "256 KB"])
async def test_an_endpoint_that_says_hostile_things(empty: WorldSource, moto: Moto, texts: Mapping[str, str]) -> None:
    put_hostile_endpoint(moto, list(texts.values()))
    async with opened(empty, size=(100, 30)) as monitor:
        await monitor.visit("endpoints")
        await monitor.until("1 endpoint ", "✕ Failed")
        await look_around(monitor, "enter")
        await monitor.until(" 1 traffic ", " 2 log ")
        lines = monitor.app.screen.query_one(LogText)
        await monitor.until(lambda _: len(lines.lines) >= len(texts))
        await look_around(monitor, "tab", "w", "g", "4", "4", "z", "end")


async def test_names_that_aws_would_never_allow(empty: WorldSource, moto: Moto) -> None:
    names = [text.replace("/", "|") for text in SHORT.values()]
    for number, name in enumerate(names):
        created = before(hours=1, minutes=number)
        moto.add_job(name, created=created, **job_fields("InProgress", "Training", created))
    async with opened(empty, size=(80, 24)) as monitor:
        await monitor.until(f"{len(names)} jobs", "● Training")
        await look_around(monitor, "G")
        for name in names[::3]:  # each costs most of a second
            monitor.app.push_screen(JobScreen(monitor.app.context, name))
            await monitor.until("jobs ▸", "1 × ml.m5.xlarge")
            assert_harmless(monitor.app)
            await monitor.press("q")
        await look_around(monitor)


async def test_an_error_and_an_account_that_say_hostile_things(empty: WorldSource, moto: Moto) -> None:
    async with opened(empty, size=(100, 30)) as monitor:
        await monitor.until("0 jobs")
        for text in SHORT.values():
            screen = monitor.app.screen
            screen.post_message(IdentityArrived(Identity(text, text, f"arn:aws:sts::1:assumed-role/{text}/me")))
            screen.post_message(JobsArrived(JobsView(refreshed=NOW, errors=(SourceError(text, text),))))
            monitor.app.post_message(Noticed(text))
            await monitor.pilot.pause()
            await look_around(monitor)


async def test_what_is_typed_or_pasted(world: WorldSource) -> None:
    async with opened(world, size=(100, 30)) as monitor:
        await monitor.until("7 jobs")
        for key in ("slash", "colon", "P", "ctrl+p"):
            await monitor.press(key)
            for text in SHORT.values():
                await monitor.paste(text)
                assert_harmless(monitor.app)
            await monitor.press("escape")
        assert_sent_nothing_hostile(monitor)
