"""Following a job that logs twenty lines a second: how soon they are printed, and how many requests that takes.

The lines go into an emulated AWS, and `sagetop logs --follow` reads it through a proxy that counts what is asked.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping

from tests.faults import FaultProxy
from tests.moto_server import Moto, ago, ms, now, running_moto

LINES_A_SECOND = 20
FOLLOWED_S = 60
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAFALSE", "AWS_SECRET_ACCESS_KEY": "false", "AWS_DEFAULT_REGION": "eu-west-1"}


def _log(moto: Moto, stop: threading.Event, logged: dict[str, float]) -> None:
    """Logs by two hosts in turn until it is told to stop."""
    number = 0
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        line = f"line {number}"
        moto.add_log(f"job/algo-{1 + number % 2}-1", [(ms(now()), line)])
        logged[line] = time.time()
        number += 1
        due += 1 / LINES_A_SECOND


def _follow(url: str, home: str, printed: dict[str, float], seconds: float, asked: Mapping[str, int]) -> float:
    """Takes the time of each line that is printed; returns how many requests a minute were made after the start."""
    environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": url, "HOME": home}
    command = [sys.executable, "-m", "tui", "logs", "job", "--follow", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            printed[json.loads(line)["message"]] = time.time()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while not printed:
        time.sleep(0.1)
    begun, before = time.monotonic(), sum(asked.values())
    time.sleep(seconds)
    calls = (sum(asked.values()) - before) / (time.monotonic() - begun) * 60
    process.kill()
    process.wait()
    reader.join()
    process.stdout.close()
    return calls


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    logged: dict[str, float] = {}
    printed: dict[str, float] = {}
    stop = threading.Event()
    with running_moto() as moto, FaultProxy(moto.url) as proxy, tempfile.TemporaryDirectory() as home:
        moto.add_job("job", created=ago(minutes=2), TrainingJobStatus="InProgress")
        writer = threading.Thread(target=_log, args=(moto, stop, logged), daemon=True)
        writer.start()
        begun = time.time()
        calls = _follow(proxy.url, home, printed, FOLLOWED_S, proxy.asked)
        stop.set()
        writer.join()
    followed = [line for line, at in logged.items() if begun + 10 < at < begun + FOLLOWED_S - 10]
    late = sorted(printed[line] - logged[line] for line in followed)
    return [
        (f"{LINES_A_SECOND} lines a second: from ingestion to output, p50, s", statistics.median(late), "≤ 1"),
        (f"{LINES_A_SECOND} lines a second: p95, s", late[int(len(late) * 0.95)], ""),
        ("requests a minute meanwhile, those about the job included", calls, "≤ 65"),
    ]
