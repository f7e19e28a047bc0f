"""`sagetop logs` of 100,000 lines, archive included, against a raw boto3 loop that reads stream after stream.

Each run is a whole process, from its start to its end, and so is the server, which answers from memory: the client is
what is timed. The runs of the two alternate, so that a busy machine is busy for both.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

LINES = 100_000
PAGE = 10_000
ROUNDS = 5
CREATED_MS = 1_700_000_000_000
JOB = {
    "TrainingJobName": "job",
    "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/job",
    "TrainingJobStatus": "Completed",
    "CreationTime": CREATED_MS // 1000,
    "TrainingEndTime": CREATED_MS // 1000 + 7200,
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAFALSE", "AWS_SECRET_ACCESS_KEY": "false", "AWS_DEFAULT_REGION": "eu-west-1"}


BYTECODE = str(Path(tempfile.gettempdir()) / "sagetop-bench-bytecode")
"""What an installed program has, and a checkout may not have: the first run of all makes it."""


def message(number: int) -> str:
    return f"Epoch {number // 500}/40 step {number} loss={1 / (number + 1):.6f} lr=3.1e-4 img/s=2911"


def pages_of(hosts: int) -> dict[str, list[bytes]]:
    """The answers of GetLogEvents to the end, by stream."""
    each = LINES // hosts
    pages: dict[str, list[bytes]] = {}
    for host in range(1, hosts + 1):
        times = range(CREATED_MS, CREATED_MS + each * 10, 10)
        events = [{"timestamp": at, "ingestionTime": at + 900, "message": message(n)} for n, at in enumerate(times)]
        cut = [events[begin : begin + PAGE] for begin in range(0, each, PAGE)]
        tokens = [
            {"nextForwardToken": f"f/{index + 1}", "nextBackwardToken": f"b/{index}"} for index in range(len(cut))
        ]
        answers = [{"events": page, **token} for page, token in zip(cut, tokens, strict=True)]
        # As AWS writes it: without blanks.
        pages[f"job/algo-{host}-1"] = [json.dumps(answer, separators=(",", ":")).encode() for answer in answers]
    return pages


def serve(hosts: int, latency_s: float, ready: Connection) -> None:
    """A job with a log of `hosts` streams, its pages made before the first request."""
    pages = pages_of(hosts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(latency_s)
            content = self.answer(self.headers["X-Amz-Target"].rsplit(".", 1)[-1], body)
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n"
                % len(content)
                + content
            )

        def answer(self, operation: str, body: dict[str, Any]) -> bytes:
            if operation == "DescribeTrainingJob":
                return json.dumps(JOB).encode()
            if operation == "DescribeLogStreams":
                return json.dumps({"logStreams": [{"logStreamName": name} for name in pages]}).encode()
            if operation == "FilterLogEvents":
                return b'{"events": []}'
            of_it = pages[body["logStreamName"]]
            token = body.get("nextToken")
            if token is None:
                token = "f/0" if body.get("startFromHead") else f"b/{len(of_it)}"
            way, number = token[0], int(token[2:])
            index = number if way == "f" else number - 1
            if 0 <= index < len(of_it):
                return of_it[index]
            end = {"events": [], "nextForwardToken": token, "nextBackwardToken": token}
            return json.dumps(end).encode()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ready.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def serving(hosts: int, latency_s: float) -> Iterator[str]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(hosts, latency_s, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


RAW = """
import boto3
client = boto3.client("logs")
group = "/aws/sagemaker/TrainingJobs"
with open("/dev/null", "w") as out:
    for stream in client.describe_log_streams(logGroupName=group, logStreamNamePrefix="job/")["logStreams"]:
        token = {}
        while True:
            name = stream["logStreamName"]
            page = client.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True, **token)
            for event in page["events"]:
                out.write(event["message"] + "\\n")
            if page["nextForwardToken"] == token.get("nextToken"):
                break
            token = {"nextToken": page["nextForwardToken"]}
"""
"""What people write: boto3, stream after stream."""


def timed(arguments: list[str], home: str, url: str, out: Path | None = None) -> tuple[float, float]:
    """Seconds and peak MB of a process."""
    foreign = ("AWS_", "XDG_", "SAGETOP_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment = {**kept, **KEYS, "AWS_ENDPOINT_URL": url, "HOME": home, "PYTHONPYCACHEPREFIX": BYTECODE}
    with (out or Path(os.devnull)).open("wb") as file:
        begun = time.perf_counter()
        number = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1)],
        )
        _, status, used = os.wait4(number, 0)
        seconds = time.perf_counter() - begun
    assert status == 0
    return seconds, used.ru_maxrss / 1024


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    rows: list[tuple[str, object, str]] = []
    for hosts, latency_s, wanted, most in ((2, 0.0, 1.0, 120), (8, 0.05, 0.5, 180), (200, 0.0, 1.0, 180)):
        with serving(hosts, latency_s) as url, tempfile.TemporaryDirectory() as folder:
            base, first, again, peak = [], [], [], 0.0
            logs = ["-m", "tui", "logs", "job"]
            for arguments in (["-c", RAW], logs):
                timed(arguments, f"{folder}/warm", url)
            for number in range(ROUNDS):
                home = Path(folder, str(number))
                home.mkdir()
                base.append(timed(["-c", RAW], str(home), url)[0])
                seconds, megabytes = timed(logs, str(home), url, Path(folder, "first"))
                first.append(seconds)
                peak = max(peak, megabytes)
                seconds, megabytes = timed(logs, str(home), url, Path(folder, "again"))
                again.append(seconds)
                peak = max(peak, megabytes)
            printed = Path(folder, "first").read_bytes()
            assert printed.count(b"\n") == LINES
            assert printed == Path(folder, "again").read_bytes()
            loop = statistics.median(base)
            what = f"{LINES:,} lines, {hosts} hosts, {latency_s * 1000:.0f} ms"
            rows += [
                (f"{what}: raw boto3 loop, s", loop, ""),
                (
                    f"{what}: sagetop logs, ordered and archived, of the loop",
                    statistics.median(first) / loop,
                    f"≤ {wanted}",
                ),
                (f"{what}: sagetop logs again, of the loop", statistics.median(again) / loop, "≤ 0.4"),
                (f"{what}: peak memory, MB", peak, f"≤ {most}"),
            ]
    return rows
