"""A local job's log through the follower that reads AWS's: whole, in order, and over soon after the job."""

from __future__ import annotations

import threading

from tests.local_jobs import Machine
from tests.patience import PATIENCE_S
from tui.archive import Archive
from tui.follow import Follower, LogBatch
from tui.model.logs import LogAddress, LogEvent
from tui.sources.local.source import LocalSource

TALKS = """
import sys, time
for number in range(5000):
    print("line", number)
    if number % 1000 == 0:
        time.sleep(0.2)
"""


class Reader:
    """Takes what a follower says."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.late = 0
        self.states: list[str] = []
        self.first = threading.Event()

    def __call__(self, batch: LogBatch) -> None:
        assert batch.error is None
        self.events += batch.events
        self.late += len(batch.late)
        self.states.append(batch.state)
        if batch.events:
            self.first.set()


def test_a_running_job_is_followed_to_its_end_without_a_line_lost_or_late(machine: Machine) -> None:
    job = machine.start(TALKS, instance_count=2)
    source = LocalSource(machine.jobs)
    follower = Follower(source, LogAddress("job", "local/job-1"), job=source.describe_job("local/job-1"))
    reader = Reader()
    thread = threading.Thread(target=follower.run, args=(reader, threading.Event()))
    thread.start()
    assert reader.first.wait(PATIENCE_S)
    job.ended()
    follower.job_changed(source.describe_job("local/job-1"))
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    for host in ("algo-1", "algo-2"):
        assert [event.message for event in reader.events if event.host == host] == [f"line {n}" for n in range(5000)]
    assert reader.late == 0
    assert reader.states[-1] == "ended"


def test_an_old_log_is_read_whole_and_kept_nowhere_else(machine: Machine) -> None:
    machine.run("for number in range(25_000): print('line', number)")
    source = LocalSource(machine.jobs)
    job = source.describe_job("local/job-1")
    archive = Archive(machine.source.parent / "logs.sqlite")
    reader = Reader()
    Follower(source, LogAddress("job", job.name), job=job, archive=archive, follow=False).run(reader, threading.Event())
    assert sorted(int(event.message.split()[1]) for event in reader.events) == list(range(25_000))
    assert archive.logs() == []
    archive.close()
