"""Training jobs beside one another: their curves, and in what they differ."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta, timezone

from tui.model.compare import Compared, Row, better, curves, differing, metric_names, results, states
from tui.model.jobs import FinalMetric, InstanceGroup, TrainingJob
from tui.model.series import Series

START = datetime(2040, 1, 15, 12, tzinfo=timezone.utc)
START_MS = int(START.timestamp() * 1000)
MINUTE = 60_000


def job(name: str, later: timedelta = timedelta(0), **more: object) -> TrainingJob:
    given = {"status": "Completed", "started": START + later, "ended": START + later + timedelta(hours=1), **more}
    return TrainingJob(name, created=START + later, detailed=True, **given)  # type: ignore[arg-type]


def compared(one: TrainingJob, **metrics: list[float]) -> Compared:
    assert one.started is not None
    first = int(one.started.timestamp() * 1000)
    times = {name: [first + MINUTE * row for row in range(len(values))] for name, values in metrics.items()}
    found = {name: Series(name, array("q", times[name]), array("d", values)) for name, values in metrics.items()}
    return Compared(one.name, one, found)


ONE = compared(job("one", hyperparameters={"lr": "0.1", "seed": "1"}), loss=[3.0, 1.0, 2.0], acc=[0.5, 0.9])
OTHER = compared(job("other", timedelta(days=3), hyperparameters={"lr": "0.1", "depth": "6"}), loss=[4.0, float("nan")])


def test_a_chart_a_metric_counted_from_the_start_of_each() -> None:
    loss, acc = curves([ONE, OTHER])
    assert (loss.title, loss.labels, acc.title) == ("loss", ("1", "2"), "acc")
    assert [list(one.times) for one in loss.series] == [[0, MINUTE, 2 * MINUTE], [0, MINUTE]]


def test_a_job_without_the_metric_keeps_its_place() -> None:
    acc = curves([OTHER, ONE], "acc")[0]
    assert [len(one) for one in acc.series] == [0, 2]
    assert [one.part for one in acc.series] == ["1", "2"]


def test_a_job_that_has_not_started_or_does_not_exist_has_no_curves() -> None:
    waiting = Compared("waiting", job("waiting", started=None, ended=None), ONE.metrics)
    assert [len(one) for one in curves([ONE, waiting, Compared("gone")], "loss")[0].series] == [3, 0, 0]


def test_the_metric_that_says_most_comes_first() -> None:
    one = compared(job("one"), lr=[1.0], **{"train:loss": [1.0], "validation:loss": [1.0]})
    assert metric_names([one]) == ("validation:loss", "lr", "train:loss")


def test_hyperparameters_that_differ() -> None:
    assert differing([ONE, OTHER]) == [Row("depth", ("–", "6")), Row("seed", ("1", "–"))]
    assert differing([ONE, ONE]) == []


def test_the_last_and_the_best_value() -> None:
    assert results([ONE, OTHER]) == [
        Row("loss", ("2", "nan")),
        Row("  lowest", ("1", "4")),
        Row("acc", ("0.9", "–")),
        Row("  highest", ("0.9", "–")),
    ]


def test_a_final_metric_stands_in_where_cloudwatch_has_nothing_any_more() -> None:
    old = Compared("old", job("old", final_metrics=(FinalMetric("loss", 0.25), FinalMetric("f2", 7.0))), {})
    assert results([old, ONE])[0] == Row("loss", ("0.25", "2"))
    assert Row("f2", ("7", "–")) in results([old, ONE])


def test_which_way_is_better_is_read_from_the_name() -> None:
    assert [
        better(name) for name in ("validation:loss", "ValError", "m:RMSE", "valAccuracy", "f1", "lr", "glossy")
    ] == [
        "lowest",
        "lowest",
        "lowest",
        "highest",
        "highest",
        "",
        "",
    ]


def test_how_each_is_doing() -> None:
    group = InstanceGroup("ml.g5.2xlarge", 2)
    rows = states([Compared("x", job("x", instances=(group,))), ONE, Compared("gone")], START)
    assert rows[0] == Row("status", ("Completed", "Completed", "not found"))
    assert rows[1] == Row("trained for", ("1h", "1h", "–"))
    assert Row("instance", ("g5.2xlarge", "–", "–")) in rows
