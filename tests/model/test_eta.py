"""When a job will be done: what its log says of progress, and when nothing can be told."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.eta import (
    Estimate,
    Mark,
    Point,
    Progress,
    Totals,
    estimate,
    mark,
    points,
    points_of,
    stopped_early,
    totals,
)
from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent
from tui.model.series import Series

START = 1_700_000_000_000
MINUTE = 60_000


def way(*shares: float, every_ms: int = MINUTE) -> list[Point]:
    return [Point(START + place * every_ms, share) for place, share in enumerate(shares)]


class TestALine:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("Epoch 12/40", {"epoch": 12, "epochs": 40}),
            ("Epoch 12/40 step 48200 loss=1.2", {"epoch": 12, "epochs": 40, "step": 48200}),
            ("step 48200/100000 loss=0.1", {"step": 48200, "steps": 100000}),
            ("Step: 7 of 9", {"step": 7, "steps": 9}),
            ("Train Epoch: 3 [30000/60000 (50%)]\tLoss: 0.3", {"epoch": 3, "part": 0.5}),
            ("Epoch: [12][ 4800/9600]\tTime 0.3", {"epoch": 12, "zero": True, "part": 0.5}),
            ("Epoch [3/5], Step [300/600], Loss: 1", {"epoch": 3, "epochs": 5, "step": 300, "steps": 600}),
            ("{'loss': 0.4, 'epoch': 2.25}", {"epoch": 2, "zero": True, "part": 0.25}),
            ("{'loss': 0.4, 'epoch': 2.0}", {"epoch": 2, "zero": True}),
            ("Epoch 4:  50%|█████     | 500/1000 [01:05<01:05]", {"epoch": 4, "zero": True, "part": 0.5}),
            ("100/400 [===>......] - ETA: 3s - loss: 0.3\r200/400 [====>.....] - loss: 0.2", {"part": 0.5}),
            ("[49]#011train-rmse:0.138", {"round": 50}),
            ("\x1b[32mINFO\x1b[0m step \x1b[1m42\x1b[0m", {"step": 42}),
        ],
    )
    def test_says_how_far_the_job_is(self, line: str, said: dict[str, float]) -> None:
        assert mark(START, line) == Mark(START, **said)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "line",
        ["", "loss=0.3 lr=1e-4", "12s 25ms/step - loss: 0.3", "saved checkpoint", "[12/0]", "stepwise 3", "[70/60]"],
    )
    def test_or_nothing(self, line: str) -> None:
        assert mark(START, line) is None

    @given(st.text())
    def test_whatever_it_holds(self, line: str) -> None:
        found = mark(START, line)
        assert found is None or found.part is None or 0 <= found.part <= 1


class TestHyperparameters:
    def test_name_the_whole(self) -> None:
        assert totals({"epochs": "40", "lr": "3e-4"}) == Totals(epochs=40)
        assert totals({"num_train_epochs": '"3"', "max_steps": "-1"}) == Totals(epochs=3)
        assert totals({"--max-steps": "100000"}) == Totals(steps=100000)
        assert totals({"num_round": "500"}) == Totals(rounds=500)

    def test_or_do_not(self) -> None:
        assert totals({"epochs": "many", "max_steps": "", "num_round": "nan"}) == Totals()


class TestPoints:
    def test_epochs_and_the_bars_between_them(self) -> None:
        lines = ["Epoch 1/4", "200/400 [==>.]", "Epoch 2/4", "100/400 [=>..]"]
        marks = [said for place, line in enumerate(lines) if (said := mark(START + place, line))]
        assert [point.done for point in points(marks, Totals())] == [0, 0.125, 0.25, 0.3125]

    def test_epochs_that_count_from_nought(self) -> None:
        marks = [Mark(START + place, epoch=place, zero=place == 0) for place in range(3)]
        assert [point.done for point in points(marks, Totals(epochs=10))] == [0, 0.1, 0.2]

    def test_steps_of_an_epoch_are_parts_of_it(self) -> None:
        marks = [Mark(START + 2 * e + s, epoch=e, epochs=5, step=300 * s, steps=600) for e in (3, 4) for s in (0, 1)]
        assert [point.done for point in points(marks, Totals())] == [0.4, 0.5, 0.6, 0.7]

    def test_steps_of_the_whole_count_most(self) -> None:
        marks = [Mark(START + n, epoch=n, epochs=4, step=250 * n, steps=1000) for n in (1, 2, 3)]
        assert [point.done for point in points(marks, Totals())] == [0.25, 0.5, 0.75]

    def test_a_bar_alone_tells_nothing(self) -> None:
        assert points([Mark(START + n, part=n / 10) for n in range(9)], Totals()) == ()

    def test_a_restart_begins_anew_and_what_always_restarts_tells_nothing(self) -> None:
        once = [Mark(START + n, step=step) for n, step in enumerate((10, 50, 20, 30))]
        assert [point.done for point in points(once, Totals(steps=100))] == [0.2, 0.3]
        often = [Mark(START + n, step=n % 3 * 10) for n in range(12)]
        assert points(often, Totals(steps=100)) == ()

    def test_series_that_have_steps_or_epochs(self) -> None:
        times = array("q", [START, START + MINUTE])
        series = Series("loss", times, array("d", [1, 2]), epochs=array("d", [1.0, 2.0]))
        assert points_of([series], Totals(epochs=4)) == (Point(START, 0.25), Point(START + MINUTE, 0.5))
        assert points_of([series], Totals()) == ()
        assert points_of([], Totals(epochs=4)) == ()


class TestEstimate:
    def test_a_steady_way_is_followed_to_its_end(self) -> None:
        found = estimate(way(0.1, 0.2, 0.3, 0.4, 0.5), START + 4 * MINUTE)
        assert found == Estimate(START + 9 * MINUTE, 0.5)

    def test_the_newer_half_counts(self) -> None:
        slow_start = [*way(0.0, 0.001, 0.002), *(Point(START + (3 + n) * MINUTE, 0.1 * n) for n in range(1, 8))]
        found = estimate(slow_start, slow_start[-1].time_ms)
        assert found is not None
        assert found.ends_ms == pytest.approx(slow_start[-1].time_ms + 3 * MINUTE, abs=2000)

    @pytest.mark.parametrize(
        ("shares", "later_ms"),
        [
            ((), 0),
            ((0.1, 0.2, 0.3), 0),  # too few
            ((0.1, 0.2, 0.3, 0.31, 0.315, 0.32, 0.33, 0.334), 0),  # becomes slower and slower
            ((0.1, 0.2, 0.3, 0.4, 0.5), 6 * MINUTE),  # has fallen silent
            ((0.7, 0.8, 0.9, 0.95, 1.0), 0),  # is done
        ],
    )
    def test_it_is_not_made_where_it_cannot_be(self, shares: tuple[float, ...], later_ms: int) -> None:
        last = START + max(len(shares) - 1, 0) * MINUTE
        assert estimate(way(*shares), last + later_ms) is None

    def test_two_minutes_are_needed(self) -> None:
        assert estimate(way(0.1, 0.2, 0.3, 0.4, 0.5, every_ms=1000), START + 4000) is None

    @given(st.floats(0.001, 0.05), st.integers(5, 15))
    def test_of_any_even_pace(self, pace: float, count: int) -> None:
        shares = [pace * place for place in range(1, count + 1)]
        found = estimate(way(*shares), START + (count - 1) * MINUTE)
        assert found is not None
        assert found.ends_ms == pytest.approx(START + (1 / pace - 1) * MINUTE, rel=1e-6)


def job(**fields: object) -> TrainingJob:
    started = datetime.fromtimestamp(START / 1000, timezone.utc)
    return TrainingJob("job", "InProgress", started, started=started, **fields)  # type: ignore[arg-type]


class TestMaxRuntime:
    def test_stops_a_job_that_takes_longer(self) -> None:
        ends = Estimate(START + 100 * MINUTE, 0.5)
        assert stopped_early(job(max_runtime_s=3600), ends) == timedelta(minutes=40)

    @pytest.mark.parametrize("limit", [None, 6000, 6600, 5950])
    def test_but_not_one_that_does_not_or_hardly(self, limit: int | None) -> None:
        assert stopped_early(job(max_runtime_s=limit), Estimate(START + 100 * MINUTE, 0.5)) is None

    def test_nobody_can_tell_without_an_estimate(self) -> None:
        assert stopped_early(job(max_runtime_s=3600), None) is None


class TestProgress:
    """Gathered from the log as it comes."""

    def event(self, minute: float, line: str, host: str = "algo-1") -> LogEvent:
        return LogEvent(START + round(minute * MINUTE), 0, host, host, line)

    def test_older_lines_that_come_later_belong_where_their_time_is(self) -> None:
        progress, whole = Progress(), {"max_steps": "100"}
        progress.take([self.event(n, f"step {n * 5}") for n in range(5, 10)])
        progress.take([self.event(n, f"step {n * 5}") for n in range(5)])
        found = progress.estimate(whole, START + 9 * MINUTE)
        assert found == Estimate(START + 20 * MINUTE, 0.45)

    def test_one_host_speaks_for_all(self) -> None:
        progress, whole = Progress(), {"max_steps": "100"}
        for n in range(10):
            progress.take([self.event(n, f"step {n * 5}"), self.event(n, f"step {n * 5 - 4}", "algo-2")])
        assert progress.estimate(whole, START + 9 * MINUTE) == Estimate(START + 20 * MINUTE, 0.45)

    def test_a_million_lines_leave_few_marks(self) -> None:
        progress, whole = Progress(), {"max_steps": "1000000"}
        progress.take(self.event(n / 6000, f"step {n}") for n in range(200_000))
        found = progress.estimate(whole, START + round(200_000 / 6000 * MINUTE))
        assert found is not None
        assert found.ends_ms == pytest.approx(START + 1_000_000 / 6000 * MINUTE, rel=0.01)

    def test_without_a_word_on_the_whole_there_is_no_estimate(self) -> None:
        progress, whole = Progress(), {}
        progress.take([self.event(n, f"step {n * 5}") for n in range(10)])
        assert progress.estimate(whole, START + 9 * MINUTE) is None

    def test_series_stand_in_for_a_log_that_says_nothing(self) -> None:
        times = array("q", [START + n * MINUTE for n in range(10)])
        series = Series("loss", times, array("d", [1.0] * 10), steps=array("d", [n * 5.0 for n in range(10)]))
        assert Progress().estimate({"max_steps": "100"}, START + 9 * MINUTE, [series]) == Estimate(
            START + 20 * MINUTE, 0.45
        )
