"""The process that a local job runs under: `python -m tui.sources.local.supervisor FOLDER`.

It outlives the screen and the login that started it. It starts the hosts, says when their lines came, measures them,
ends them when they are to end, packs what they leave, and writes all it knows into state.json. Nothing depends on it
that cannot be told from the files when it is killed: the hosts write their logs themselves.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tui.files import read_json
from tui.sources.local import environments, hosts, turns
from tui.sources.local.contract import Host, Layout
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import Publisher, last_line
from tui.sources.local.nvml import Gpus, NoGpus, gpus, usable
from tui.sources.local.pids import ourselves
from tui.sources.local.spec import Spec, from_request
from tui.sources.local.state import State, load

GRACE_S = 120
"""Between SIGTERM and SIGKILL, as StopTrainingJob has it."""
_LONGEST_GRACE_S = 1e6
_TICK_S = 0.025
_SECOND = 1.0
_END_WITHIN_S = 10.0
"""How long there is no room for the end of a job before it goes untold."""
_ROOM = 1 << 16
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL = "the disk was full, and its log may lack lines"
_LONGEST_REASON = 1024
_KILLED = 128 + signal.SIGKILL

Ending = Literal["stop", "max-run", "quota", "host"]
"""Why the hosts are being ended: somebody wants it, time is over, the disk quota is used up, one of them has failed."""


class Stopped(Exception):
    """The job is to end before its hosts were started."""


class Failed(Exception):
    """The job cannot be run; the message becomes its FailureReason."""


class Supervisor:
    """One job, from its folder to its end."""

    def __init__(self, folder: JobFolder) -> None:
        self.folder = folder
        self.spec: Spec = from_request(read_json(folder.request), folder.path)
        self.state = load(folder) or State()
        self.gpus: Gpus = NoGpus()
        self.code: dict[int, str] = {}
        """The hosts by their pids."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._publishers: dict[str, Publisher] = {}
        self._ending: Ending | None = None
        self._kill_at = float("inf")
        self._told_to_end = False
        self._disk_full = False
        self._wake = os.pipe()

    # The job's way

    def run(self) -> None:
        """Runs the job to its end. Whatever goes wrong stands in its state."""
        state = self.state
        state.supervisor = ourselves()
        self._listen()
        try:
            self._enter("Starting")
            self._keep_room()
            self._prepare()
            self._train()
            self._end(*self._outcome())
        except Stopped:
            self._end("Stopped", "Stopped", "")
        except Failed as problem:
            self._end("Failed", "Failed", str(problem))
        except Exception as problem:
            self._complain()
            for pid in self.code:
                hosts.kill_group(pid)
            self._end("Failed", "Failed", f"InternalServerError: {type(problem).__name__}: {problem}")

    def _prepare(self) -> None:
        spec, state = self.spec, self.state
        if spec.wants_gpus:
            self.gpus = gpus()
        mine = usable(self.gpus.count, os.environ)
        if problem := turns.too_much(spec, mine):
            raise Failed(f"CapacityError: {problem}")
        if not turns.take(self.folder, spec, state, mine):
            self._enter("Pending", "waiting for GPUs or cores")
            while not turns.take(self.folder, spec, state, mine):
                self._nap(0.2)
        self._enter("Downloading")
        try:
            hosts.prepare(spec, self._hosts())
        except OSError as problem:
            raise Failed(f"ClientError: {problem}") from None

    def _hosts(self) -> list[Host]:
        spec, port = self.spec, hosts.free_port()
        cpus = spec.cores or max(turns.cores_here() // spec.instance_count, 1)
        return [
            Host(name, Layout(self.folder.base(name)), cpus, tuple(self.state.gpus.get(name, ())), port)
            for name in spec.hosts
        ]

    def _train(self) -> None:
        spec, state = self.spec, self.state
        for name in spec.hosts:
            self._publishers[name] = Publisher(self.folder.log(name), self.folder.index(name))
        python = self._python()
        self._enter("Training")
        state.started = _now_ms()
        hosts.adopt_orphans()
        for host in self._hosts():
            try:
                process = hosts.start(spec, host, self.folder.log(host.name), python, os.environ)
            except OSError as problem:
                for pid in self.code:
                    hosts.kill_group(pid)
                raise Failed(f"ClientError: {host.name} could not be started: {problem}") from None
            self._processes.append(process)
            self.code[process.pid] = host.name
            state.hosts[host.name] = type(state.supervisor).of(process.pid)
        self._save()
        self._watch()

    def _python(self) -> str:
        """The interpreter of the hosts."""
        spec = self.spec
        if spec.requirements is None:
            return spec.python
        self._enter("PreparingTrainingStack", f"installing {spec.requirements.name}")
        root = self.folder.path.parent.parent / "environments"
        try:
            return environments.environment(root, spec.requirements, spec.python, self._run)[0]
        except (environments.NotInstalled, OSError) as problem:
            raise Failed(f"ClientError: {problem}") from None

    def _run(self, command: list[str], folder: Path) -> int:
        """Runs a command to its end, its output in the first host's log."""
        host = self.spec.hosts[0]
        with self.folder.log(host).open("ab") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            while process.poll() is None:
                self._publish()
                self._nap(_TICK_S)
        except Stopped:
            hosts.kill_group(process.pid)
            process.wait()
            raise
        finally:
            self._publish()
        return process.returncode

    # While the hosts run

    def _watch(self) -> None:
        """Until all hosts have ended: their lines, their use, and whether they are to end."""
        from tui.sources.local.sampler import EVERY_S, Sampler

        sampler: Sampler | None = None
        running = dict(self.code)
        next_sample = next_look = 0.0
        while running:
            now = time.monotonic()
            came = self._publish()
            for name, code in hosts.ended(running, hosts.kill_group).items():
                self._host_ended(name, code, now)
                running = {pid: host for pid, host in running.items() if host != name}
            if now >= next_sample and running:
                next_sample = max(next_sample + EVERY_S, now)
                pids = {host: pid for pid, host in running.items()}
                with self._as_far_as_there_is_room():
                    sampler = sampler or Sampler(self.folder, pids, self.gpus, self.state.gpus)
                    sampler.sample()
            if now >= next_look:
                next_look = now + _SECOND
                self._look_at_limits(now)
            self._look_at_stop(now)
            if now >= self._kill_at:
                self._kill_at = float("inf")
                for pid in running:
                    hosts.kill_group(pid)
            # What comes in is taken note of soon, and where nothing comes, half as often.
            nap = _TICK_S if came else 2 * _TICK_S
            self._wait(max(min(nap, next_sample - time.monotonic()), 0))
        hosts.kill_descendants()
        self._publish(final=True)
        if sampler is not None:
            sampler.close()
            with suppress(OSError):
                (self.folder.use / "processes.json").write_text(json.dumps(sampler.names), encoding="utf-8")

    def _host_ended(self, name: str, code: int, now: float) -> None:
        self.state.exits[name] = code
        output = Layout(self.folder.base(name)).output
        with suppress(OSError):
            if code == 0:
                (output / "success").touch()
        self._look_at_stop(now)  # a host that was told to end, perhaps together with us, has not failed
        if code and self._ending is None:
            self._begin_ending("host", now, GRACE_S)
        self._save()

    def _look_at_limits(self, now: float) -> None:
        spec, state = self.spec, self.state
        if self._ending is None and state.started and _now_ms() - state.started >= spec.max_run_s * 1000:
            self._begin_ending("max-run", now, GRACE_S)
        if self._ending is None and spec.max_disk is not None and hosts.size_of(self.folder) > spec.max_disk:
            self._begin_ending("quota", now, 0)

    def _look_at_stop(self, now: float) -> None:
        if not self._told_to_end and not self.folder.stop.exists():
            return
        asked = read_json(self.folder.stop).get("grace_s", GRACE_S)
        grace = float(asked) if isinstance(asked, int | float) and 0 <= asked < _LONGEST_GRACE_S else GRACE_S
        if self._ending is None:
            self._begin_ending("stop", now, grace)
        elif now + grace < self._kill_at:
            self._kill_at = now + grace  # asked for again, with less patience

    def _begin_ending(self, why: Ending, now: float, grace_s: float) -> None:
        self._ending = why
        self._kill_at = now + grace_s
        for pid, name in self.code.items():
            if name not in self.state.exits:
                hosts.ask_to_end(pid, self.spec.script)
        if why != "host":
            self.state.status = "Stopping"
            self._enter("Stopping")

    def _publish(self, *, final: bool = False) -> bool:
        """Says of all hosts when their lines came; whether any did."""
        now, came = _now_ms(), False
        for publisher in self._publishers.values():
            with self._as_far_as_there_is_room():  # the lines are in the log, and are published later
                came |= publisher.publish(now, final=final)
        return came

    # The end

    def _outcome(self) -> tuple[str, str, str]:
        """Status, secondary status and failure reason."""
        codes = self.state.exits
        bad = sorted((name for name, code in codes.items() if code), key=lambda name: int(name.rpartition("-")[2]))
        if self._ending == "stop":
            return "Stopped", "Stopped", ""
        if self._ending == "max-run":
            return "Stopped", "MaxRuntimeExceeded", ""
        if self._ending == "quota":
            return "Failed", "Failed", f"ClientError: the job's folder grew beyond {self.spec.max_disk} bytes"
        if not bad:
            return "Completed", "Completed", ""
        # Those that were ended because one had failed are not to blame.
        first = next(name for name in codes if codes[name])
        more = f" ({_FULL})" if self._disk_full else ""
        return "Failed", "Failed", self._reason(first)[: _LONGEST_REASON - len(more)] + more

    def _reason(self, name: str) -> str:
        code, failure = self.state.exits[name], Layout(self.folder.base(name)).output / "failure"
        with suppress(OSError), failure.open("rb") as file:
            if text := file.read(4 * _LONGEST_REASON).decode("utf-8", "replace").strip():
                return text
        if code == _KILLED:
            return f"OutOfMemory: {name} was killed, exit code: {code}"
        last = last_line(self.folder.log(name))
        reason = f'AlgorithmError: ExecuteUserScriptError on {name}, ErrorMessage "{last}", exit code: {code}'
        with suppress(OSError):
            failure.write_text(reason, encoding="utf-8")
        return reason

    def _end(self, status: str, secondary: str, reason: str) -> None:
        state = self.state
        self.folder.room.unlink(missing_ok=True)  # from here on nobody else writes
        if self.code:
            self._enter("Uploading")
            try:
                bases = [Layout(self.folder.base(name)) for name in self.spec.hosts]
                hosts.pack(self.folder.model, [base.model for base in bases])
                hosts.pack(self.folder.output, [base.output_data for base in bases])
            except Exception as problem:
                status, secondary = "Failed", "Failed"
                reason = reason or f"ClientError: the artifacts could not be packed: {problem}"
            self._conclude()
        for publisher in self._publishers.values():
            publisher.close()
        state.leave(_now_ms())
        state.status, state.secondary, state.failure_reason = status, secondary, reason
        state.waiting = False
        state.ended = _now_ms()
        until = time.monotonic() + _END_WITHIN_S
        while not self._save() and time.monotonic() < until:
            time.sleep(_TICK_S)  # somebody else took even that room; perhaps they give it back

    def _conclude(self) -> None:
        """The final metrics and the report: worth having, and no reason for a job to fail."""
        try:
            from tui.sources.local import report

            report.write(self.folder, self.spec, self.state)
        except Exception:
            self._complain()

    def _complain(self) -> None:
        """The traceback of what should not have happened, where there is room for it."""
        with self._as_far_as_there_is_room():
            traceback.print_exc()

    # Small things

    def _enter(self, phase: str, message: str = "") -> None:
        self.state.enter(phase, _now_ms(), message)
        self._save()

    def _save(self) -> bool:
        """Writes state.json; where that is not possible, what is true is told from the processes."""
        with self._as_far_as_there_is_room():
            self.state.save(self.folder)
            return True
        return False

    @contextmanager
    def _as_far_as_there_is_room(self) -> Iterator[None]:
        """A full disk ends nothing that runs: what is not kept is not kept, and that is noted."""
        try:
            yield
        except OSError as problem:
            if problem.errno in _NO_ROOM and not self._disk_full:
                self._disk_full = True
                if self.state.phases:
                    self.state.phases[-1] = replace(self.state.phases[-1], message=_FULL)

    def _keep_room(self) -> None:
        """How the job ended is to be told whatever its hosts do to the disk."""
        with self._as_far_as_there_is_room():
            self.folder.room.write_bytes(os.urandom(_ROOM))

    def _listen(self) -> None:
        """An ended host or a signal ends a nap; SIGTERM and SIGINT are wishes to stop, a closed terminal is nothing."""
        for handle in self._wake:
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(self._wake[1])
        # Handlers, as what is ignored would be ignored by the hosts too.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)

    def _asked_to_end(self, *_: object) -> None:
        self._told_to_end = True

    def _wait(self, seconds: float) -> None:
        if select.select([self._wake[0]], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._wake[0], 4096)

    def _nap(self, seconds: float) -> None:
        """Waits before the hosts run.

        Raises:
            Stopped: The job is to end.
        """
        if self._told_to_end or self.folder.stop.exists():
            raise Stopped
        self._wait(seconds)


def _now_ms() -> int:
    return int(time.time() * 1000)


def main(path: str) -> None:
    """Runs the job of a folder."""
    os.umask(0o077)
    Supervisor(JobFolder(Path(path))).run()


if __name__ == "__main__":
    main(sys.argv[1])
