"""The loop that asks a source for a log's events and hands what is new to a sink."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from tui.archive import FOREVER, Archive
from tui.follow.agenda import Agenda, Ask
from tui.follow.batch import LogBatch, State
from tui.follow.keeper import Keeper
from tui.follow.ledger import SPLIT_MS, Ledger, Reading, named_by_content
from tui.follow.tempo import LOCAL, Tempo
from tui.follow.workers import Workers
from tui.model.jobs import TrainingJob, is_local
from tui.model.logs import LogAddress, LogEvent, LogPage, LogStream, event_order, host_number, host_of
from tui.sources.base import Denied, Expired, NoCredentials, NotFound, Source, SourceError

_ENDPOINT_MS = 3600 * 1000
_LONGEST_NAP_S = 0.5
_FINAL = (Denied, Expired, NoCredentials, NotFound)
_TEMPO = Tempo()
ONE_BY_ONE = "logs:FilterLogEvents is denied: each host's log is asked for by itself, which is slower"


class Follower:
    """Reads one log for as long as it grows; one follower a log, however many panes show it.

    Args:
        source: Where the events come from.
        log: Whose log.
        job: The training job of that log, for its creation time, its end and its place in the archive. None for an
            endpoint, whose last hour is read and not archived.
        archive: What was seen is kept there, and given first; None goes without.
        follow: Whether to go on when all is read; else `run` returns then.
        history: Whether the sink gets the older events too, or only what is new from now on; the archive has them all.
        forward: Whether the oldest events are read first, else the last screenful.
        since_ms: Nothing older needs to be read (ms since the epoch). What is kept of it is given all the same.
        patience_s: How long to go on without a single answer, None for ever. Once anything was answered a follower
            never gives up by itself.
        ask_above: Before more older events than this are read, it waits for `answer`, and goes on following meanwhile;
            None never does. Of what `forward` reads first, only the newest cannot be had.
        tempo: How fast it goes; None goes as suits AWS, or this machine where the log is one of its own.
    """

    def __init__(
        self,
        source: Source,
        log: LogAddress,
        *,
        job: TrainingJob | None = None,
        archive: Archive | None = None,
        follow: bool = True,
        history: bool = True,
        forward: bool = False,
        since_ms: int = 0,
        patience_s: float | None = None,
        ask_above: int | None = None,
        tempo: Tempo | None = None,
    ) -> None:
        self._source = source
        self._log = log
        self._job = job
        self._told_job = job
        self._follow = follow
        self._history = history
        self._forward = forward
        self._patience_s = patience_s
        here = is_local(log.name)
        tempo = tempo or (LOCAL if here else _TEMPO)
        self._tempo = tempo
        # A local job's folder is its archive: its log is not kept twice.
        self._keeper = Keeper(None if here else archive, job)
        self._workers: Workers[Ask, LogPage | tuple[LogStream, ...]] = Workers(self._request, f"log of {log.name}")
        self._begun = time.monotonic()
        self._begun_ms = self._start_ms()
        self._ledger = Ledger(self._begun_ms, since_ms, int(tempo.late * 1000))
        self._agenda = Agenda(self._ledger, tempo, follow=follow, now=self._begun, forward=forward)
        self._ask_above = ask_above
        self._question = 0
        self._answer: bool | None = None
        self._poked = False
        self._answered = False
        self._over = False
        self._hosts: set[str] = set()
        self._read = 0
        self._out: list[LogEvent] = []
        self._late: set[str] = set()
        self._told: LogBatch | None = None

    def poke(self) -> None:
        """Someone is looking (a key was pressed): polls at once. From any thread."""
        self._poked = True
        self._workers.wake()

    def answer(self, read_all: bool) -> None:
        """What `LogBatch.question` asked: whether all is to be read, or nothing older than what is. From any thread."""
        self._answer = read_all
        self._workers.wake()

    def job_changed(self, job: TrainingJob) -> None:
        """The job was described again; a follower ends by itself some seconds after the job did. From any thread."""
        self._job = job
        self._workers.wake()

    def run(self, sink: Callable[[LogBatch], None], stop: threading.Event) -> None:
        """Reads and follows until the job has ended or `stop` is set.

        Blocks; made for a daemon thread, from which `sink` is called.

        Raises:
            SourceError: Nothing was ever answered within `patience_s`, or a permission is missing and `follow` is off.
        """

        def give(events: Sequence[LogEvent]) -> None:
            self._out += events
            self._tell(sink)

        kept, streams = self._keeper.replay(give, history=self._history)
        self._know(streams)
        self._ledger.know(kept)
        self._over = kept.sealed
        try:
            while not self._over and not stop.is_set():
                self._look_at_job()
                self._heed_answer()
                self._divide()
                for ask in self._agenda.due(time.monotonic(), self._source.now_ms()):
                    self._workers.ask(ask)
                nap = min(self._agenda.next_due() - time.monotonic(), _LONGEST_NAP_S)
                for ask, answer in self._workers.answers(nap):
                    self._take(ask, answer)
                self._divide()  # what is denied now is still to be read in another way
                self._over = self._agenda.is_over
                if self._agenda.is_complete:
                    self._keeper.seal(self._agenda.streams or ())
                self._keeper.flush()  # before it is told: who is told may look into the archive
                self._tell(sink)
            if self._over:
                self._tell(sink)
        finally:
            self._keeper.flush()
            self._workers.close()

    # What to ask

    def _start_ms(self) -> int:
        if self._job is not None:
            return int(self._job.created.timestamp() * 1000)
        return self._source.now_ms() - _ENDPOINT_MS if self._log.kind != "job" else 0

    def _look_at_job(self) -> None:
        if self._poked:
            self._poked = False
            self._agenda.hurry()
        job = self._job
        if job is None:
            return
        if job.is_ended and self._agenda.ended_ms is None:
            final = job.final_at
            self._agenda.ended_ms = int(final.timestamp() * 1000) if final else self._source.now_ms()
            self._agenda.hurry()
        if job != self._told_job:
            self._told_job = job
            self._keeper.describe(job)

    def _heed_answer(self) -> None:
        answer = self._answer
        if answer is None or not self._question:
            return
        self._question, self._ask_above, self._agenda.held = 0, None, False
        if not answer:
            self._agenda.leave_out()

    def _divide(self) -> None:
        """Brings the spans up to the time."""
        if not self._agenda.may_divide:
            return
        now_ms = self._source.now_ms()
        before = list(self._ledger.spans)
        if self._log.kind != "job":
            split = self._begun_ms  # all of its last hour is looked at again and again
        else:
            split = FOREVER if self._agenda.has_settled(now_ms) else now_ms - SPLIT_MS
        after = self._ledger.divide(split, polled=self._agenda.is_denied)
        if after == before:
            return
        self._keeper.plan(before, after)
        self._ledger.spans = after
        by_stream = any(span.way != "recent" for span in after)
        self._agenda.streams = None if by_stream else ()

    def _request(self, ask: Ask) -> LogPage | tuple[LogStream, ...]:
        """In a worker's thread."""
        if ask.kind == "list":
            return self._source.log_streams(self._log)
        if ask.stream:
            return self._source.read_stream(self._log, ask.stream, *ask.within, ask.token)
        if ask.reading is None:
            return self._source.read_recent(self._log, *ask.within, ask.token)
        reading = ask.reading
        return self._source.read_stream(
            self._log, reading.stream, reading.lo, reading.hi, reading.token, from_head=reading.forward
        )

    # What came

    def _take(self, ask: Ask, answer: LogPage | tuple[LogStream, ...] | Exception) -> None:
        if isinstance(answer, SourceError):
            if not (ask.kind == "recent" and isinstance(answer, Denied)):  # else each stream is asked by itself
                self._give_up_or_not(answer)
            self._agenda.failed(ask, answer, time.monotonic())
            return
        if isinstance(answer, Exception):
            raise answer
        self._answered = True
        if not isinstance(answer, LogPage):
            streams = [stream.name for stream in answer]
            self._know(streams)
            self._agenda.listed(streams)
        elif ask.reading is not None:
            self._take_page(ask.reading, answer)
        elif ask.is_probe:
            self._agenda.probed()
        else:
            self._take_recent(ask, answer)

    def _take_page(self, reading: Reading, page: LogPage) -> None:
        covers, events = reading.take(page)
        if covers[0] < covers[1]:
            self._keeper.add_piece(reading.stream, covers, events)
            self._ledger.take_piece(reading.stream, covers)
            self._read += len(events)
            if self._history:
                self._out += events
        self._agenda.paged(reading)

    def _take_recent(self, ask: Ask, page: LogPage) -> None:
        named = named_by_content(page.events, ask.seen) if ask.stream else page.events
        new = self._ledger.take_recent(named)
        if new:
            self._know({event.stream for event in new})
            self._keeper.add_recent(new)
            live = self._agenda.was_swept(ask.span)
            if live:
                self._late |= self._ledger.late_ones(new)
            if live or self._history:
                self._out += new
            else:
                self._ledger.gave(new)
        if self._agenda.looked(ask, new, page.token, time.monotonic()) and ask.sweep:
            settled = self._agenda.has_settled(ask.begun_ms)
            self._keeper.checked(*self._ledger.swept(ask.span, ask.begun_ms, settled=settled))

    def _give_up_or_not(self, error: SourceError) -> None:
        if not self._follow and isinstance(error, Denied):
            raise error
        if self._patience_s is not None and not self._answered:
            waited = time.monotonic() - self._begun
            if isinstance(error, _FINAL) or waited >= self._patience_s:
                raise error

    # What is told

    def _know(self, streams: Iterable[str]) -> None:
        self._hosts |= {host_of(stream) for stream in streams}

    def _state(self) -> State:
        if self._over:
            return "ended"
        if not self._agenda.is_read:
            return "reading"
        return "following" if self._hosts else "waiting"

    def _tell(self, sink: Callable[[LogBatch], None]) -> None:
        events = tuple(sorted(self._out, key=event_order))
        late = [index for index, event in enumerate(events) if event.event_id in self._late] if self._late else ()
        self._out, self._late = [], set()
        self._ledger.gave(events)
        state, progress = self._state(), None
        if not self._agenda.is_read and not self._over:
            streams = self._agenda.streams
            progress = round(self._ledger.progress(streams, self._source.now_ms()), 2) if streams is not None else 0.0
        batch = LogBatch(
            events=events,
            late=frozenset(late),
            state=state,
            progress=progress,
            read=self._read,
            checked_to_ms=self._ledger.checked_ms if progress is None else 0,
            certain_to_ms=self._agenda.certain_to_ms if self._forward else 0,
            hosts=tuple(sorted(self._hosts, key=host_number)),
            question=self._question,
            error=self._agenda.error,
            notice=self._keeper.notice or (ONE_BY_ONE if self._agenda.is_denied else ""),
        )
        if self._ask_above is not None and not self._question and (expected := batch.foresees(self._ask_above)):
            self._question, self._agenda.held = expected, True
            batch = replace(batch, question=expected)
        if batch != self._told:
            self._told = replace(batch, events=(), late=frozenset())
            sink(batch)
