"""Reading 100,000 lines: the follower with its archive, against a raw boto3 loop that reads stream after stream.

Each run is a fresh process, and so is the server, which answers from memory: the client is what is timed.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import subprocess
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
ROUNDS = 3
CREATED_MS = 1_700_000_000_000


def serve(hosts: int, latency_s: float, ready: Connection) -> None:
    """A log of `hosts` streams, its pages made before the first request."""
    each = LINES // hosts
    pages: dict[str, list[bytes]] = {}
    for host in range(1, hosts + 1):
        events = [
            {
                "timestamp": CREATED_MS + number * 10,
                "ingestionTime": CREATED_MS + number * 10 + 900,
                "message": f"Epoch {number // 500}/40 step {number} loss={1 / (number + 1):.6f} lr=3.1e-4 img/s=2911",
            }
            for number in range(each)
        ]
        cut = [events[begin : begin + PAGE] for begin in range(0, each, PAGE)]
        pages[f"job/algo-{host}-1"] = [
            json.dumps(
                {"events": page, "nextForwardToken": f"f/{index + 1}", "nextBackwardToken": f"b/{index}"}
            ).encode()
            for index, page in enumerate(cut)
        ]

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


def raw(url: str) -> int:
    """What people write: boto3, stream after stream."""
    import boto3

    client = boto3.client(
        "logs", region_name="eu-west-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x"
    )
    group, lines = "/aws/sagemaker/TrainingJobs", 0
    with Path("/dev/null").open("w") as out:
        for stream in client.describe_log_streams(logGroupName=group, logStreamNamePrefix="job/")["logStreams"]:
            token: dict[str, str] = {}
            while True:
                name = stream["logStreamName"]
                page = client.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True, **token)
                for event in page["events"]:
                    out.write(event["message"] + "\n")
                    lines += 1
                if page["nextForwardToken"] == token.get("nextToken"):
                    break
                token = {"nextToken": page["nextForwardToken"]}
    return lines


def ours(url: str, path: str) -> int:
    """The follower into the archive, and the log out of it in order."""
    import threading
    from datetime import datetime, timedelta, timezone

    from tui.archive import Archive
    from tui.follow import Follower
    from tui.model.jobs import TrainingJob
    from tui.model.logs import LogAddress
    from tui.sources.aws.clients import ClientSettings
    from tui.sources.aws.source import AwsSource

    created = datetime.fromtimestamp(CREATED_MS / 1000, timezone.utc)
    job = TrainingJob("job", "Completed", created, arn="arn:job", ended=created + timedelta(hours=2))
    source = AwsSource(ClientSettings(region="eu-west-1", endpoint_url=url, access_key="x", secret_key="x"))
    archive = Archive(Path(path), url)
    follower = Follower(source, LogAddress("job", "job"), job=job, archive=archive, follow=False, history=False)
    follower.run(lambda batch: None, threading.Event())
    lines = 0
    with Path("/dev/null").open("w") as out:
        for events in archive.read(archive.keep_job(job)):
            out.write("".join(f"[{event.host}] {event.message}\n" for event in events))
            lines += len(events)
    return lines


def timed(*arguments: str) -> tuple[float, float]:
    """Seconds and peak MB of one of the above in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_logs", *arguments], check=True, capture_output=True, text=True
    ).stdout.split()
    return float(said[0]), float(said[1])


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    rows: list[tuple[str, object, str]] = []
    for hosts, latency_s, wanted, most in ((2, 0.0, 1.0, 120), (8, 0.05, 0.5, 180), (200, 0.0, 1.0, 180)):
        with serving(hosts, latency_s) as url, tempfile.TemporaryDirectory() as folder:
            base, first, again, peak = [], [], [], 0.0
            for number in range(ROUNDS):
                path = f"{folder}/{number}.sqlite"
                base.append(timed("raw", url)[0])
                seconds, megabytes = timed("ours", url, path)
                first.append(seconds)
                peak = max(peak, megabytes)
                again.append(timed("ours", url, path)[0])
            loop = statistics.median(base)
            what = f"{LINES:,} lines, {hosts} hosts, {latency_s * 1000:.0f} ms"
            rows += [
                (f"{what}: raw boto3 loop, s", loop, ""),
                (f"{what}: with archive and order, of the loop", statistics.median(first) / loop, f"≤ {wanted}"),
                (f"{what}: attached again, of the loop", statistics.median(again) / loop, "≤ 0.4"),
                (f"{what}: peak memory, MB", peak, f"≤ {most}"),
            ]
    return rows


if __name__ == "__main__":
    begun = time.perf_counter()
    found = {"raw": raw, "ours": ours}[sys.argv[1]](*sys.argv[2:])
    assert found == LINES
    print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
