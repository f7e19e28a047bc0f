"""Training jobs as rows of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from tui.model.bars import sparkline
from tui.model.filters import Facts, Filter
from tui.model.findings import Finding
from tui.model.instances import scale, shape
from tui.model.jobs import TrainingJob
from tui.model.series import leading_metric, role_of, words_of
from tui.model.status import job_word, sign, tone
from tui.model.words import DASH, number, percent, short_instance, span
from tui.screens.context import Context
from tui.watch.jobs import JobSignals, JobsView
from tui.widgets.columns import Cell, Row, SortValue


def rows(view: JobsView, wanted: Filter | None, context: Context, curve_width: int) -> list[Row]:
    """The jobs that the filter leaves, newest first; curves get so many cells."""
    now = context.now()
    jobs = view.jobs
    if wanted is not None and wanted.active:
        jobs = tuple(job for job in jobs if wanted.matches(_facts(job, now.timestamp())))
    nothing = JobSignals()
    return [
        Row(
            job.name,
            partial(
                cells, job, view.signals.get(job.name, nothing), context, curve_width, view.findings.get(job.name, ())
            ),
            sort_values(job, view.signals.get(job.name, nothing), now),
        )
        for job in jobs
    ]


def cells(
    job: TrainingJob, signals: JobSignals, context: Context, curve_width: int, findings: Sequence[Finding] = ()
) -> tuple[Cell, ...]:
    """One cell for each of the screen's COLUMNS, as of now; the curve gets so many cells."""
    now, ascii = context.now(), context.settings.ascii
    value = _value(job, signals)
    look = "bad" if value is not None and not math.isfinite(value) else ""
    curve = sparkline(signals.metric.values, curve_width, ascii_only=ascii) if signals.metric else ""
    return (
        job.name,
        ("!", "bad" if findings[0].severity == "critical" else "warning") if findings else "",
        (f"{sign(job.status, ascii=ascii)} {job_word(job)}", tone(job.status)),
        (span(job.age(now)), "muted"),
        span(job.duration(now)) if job.started else (DASH, "muted"),
        _instances(job),
        _use(job, signals),
        _metric(_metric_name(job, signals), value, look),
        (curve, "busy" if not job.is_ended else "muted"),
    )


def sort_values(job: TrainingJob, signals: JobSignals, now: datetime) -> tuple[SortValue, ...]:
    """What each of the screen's COLUMNS is sorted by."""
    ran = job.duration(now)
    return (
        job.name,
        None,
        job_word(job),
        job.age(now).total_seconds(),
        ran.total_seconds() if ran is not None else None,
        job.instance_type,
        None if job.is_ended else _share(job, signals),
        _value(job, signals),
        None,
    )


def _metric(name: str | None, value: float | None, look: str) -> Cell:
    """`val loss 1.243`; of a name that is too long the column shows the end, and so always the value."""
    if name is None or value is None:
        return (DASH, "muted")
    text = f"{short_metric(name)} {number(value)}"
    return (text, look) if look else text


def short_metric(name: str) -> str:
    """A metric's name as short as it can be told: `validation:loss` → `val loss`, `train:box_loss` → `box loss`."""
    role = {"validation": "val ", "test": "test ", "train": "", "": ""}[role_of(name)]
    return role + (" ".join(words_of(name)) or name)


def _metric_name(job: TrainingJob, signals: JobSignals) -> str | None:
    if signals.metric is not None and len(signals.metric):
        return signals.metric.name
    return leading_metric([metric.name for metric in job.final_metrics])


def _value(job: TrainingJob, signals: JobSignals) -> float | None:
    """What the job ended with; of one that runs the last datapoint, which is the mean of a minute or more."""
    name = _metric_name(job, signals)
    final = next((metric.value for metric in job.final_metrics if metric.name == name), None)
    last = signals.metric.last if signals.metric is not None else None
    return final if final is not None and (job.is_ended or last is None) else last


def _instances(job: TrainingJob) -> Cell:
    if not job.instances:
        return (DASH, "muted")
    return " + ".join(f"{group.count}×{short_instance(group.type)}" for group in job.instances)


def _use(job: TrainingJob, signals: JobSignals) -> Cell:
    if signals.use is None or job.is_ended:
        return (DASH, "muted")
    about = "≈" if signals.estimated else ""
    return f"{signals.use_of} {about}{percent(_share(job, signals))}"


def _share(job: TrainingJob, signals: JobSignals) -> float | None:
    """Use in percent of all the cores or GPUs of a host, which AWS counts as 100 each."""
    kind = shape(job.instances[0].type) if job.instances else None
    if signals.use is None or signals.use.last is None:
        return None
    units = (kind.gpus if signals.use_of == "GPU" else kind.vcpus) if kind else None
    return 100 * signals.use.last / scale(units, signals.use.values).full


def _facts(job: TrainingJob, now: float) -> Facts:
    return Facts(
        name=job.name,
        statuses=(job.status, job.secondary_status, job_word(job)),
        types=tuple(group.type for group in job.instances),
        age_s=now - job.created.timestamp(),
    )
