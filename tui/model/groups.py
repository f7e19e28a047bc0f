"""Which series share a chart: as they belong together, each for itself, or as many over one another as make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.model import plot
from tui.model.series import Series, pair_series, short_labels

Layout = Literal["grouped", "apart", "overlaid"]
MOST = 8
"""Series on one chart: there are no more marks and colours to tell them apart."""
_MAGNITUDE = 30
"""How many times as large as the smallest of its chart a curve may be: else it would flatten that one."""


@dataclass(frozen=True, slots=True)
class Group:
    """The series of one chart.

    Attributes:
        series: The most important first: it lies on top.
        title: What they have in common; found in their names where it is empty.
        labels: What tells them apart; found in their names, hosts and sources where it is empty.
    """

    series: tuple[Series, ...]
    title: str = ""
    labels: tuple[str, ...] = ()


def grouped(series: Sequence[Series]) -> tuple[Group, ...]:
    """Train against validation where the names pair up, and on one chart whatever bears the same name."""
    groups = []
    for names in pair_series([one.name for one in series]):
        found = sorted((one for one in series if one.name in names), key=lambda one: names.index(one.name))
        groups += [Group(tuple(found[start : start + MOST])) for start in range(0, len(found), MOST)]
    return tuple(groups)


def arranged(groups: Sequence[Group], layout: Layout) -> tuple[Group, ...]:
    """The same series in another arrangement; groups without any stay as they are."""
    if layout == "grouped":
        return tuple(groups)
    alone = [part for group in groups for part in _apart(group)]
    return tuple(alone) if layout == "apart" else _overlaid(alone)


def _apart(group: Group) -> list[Group]:
    if len(group.series) < 2:
        return [group]
    title, labels = naming(group)
    # A whole name says as much as title and label, and says it as the job does.
    own = not group.labels and len({one.name for one in group.series}) == len(group.series)
    return [
        Group((one,), one.name if own else f"{title} {label}".strip())
        for one, label in zip(group.series, labels, strict=True)
    ]


def _overlaid(alone: Sequence[Group]) -> tuple[Group, ...]:
    empty, alone = [group for group in alone if not group.series], [group for group in alone if group.series]
    sizes = {id(group): max((_size(one) for one in group.series), default=0.0) for group in alone}
    charts: list[list[Group]] = []
    for unit in dict.fromkeys(_unit(group) for group in alone):
        together: list[Group] = []
        for group in sorted((group for group in alone if _unit(group) == unit), key=lambda group: sizes[id(group)]):
            if together and (
                len(together) == MOST or sizes[id(group)] > _MAGNITUDE * max(sizes[id(together[0])], 1e-300)
            ):
                charts.append(together)
                together = []
            together.append(group)
        charts.append(together)
    place = {id(group): number for number, group in enumerate(alone)}
    charts = [sorted(chart, key=lambda group: place[id(group)]) for chart in charts]
    charts.sort(key=lambda chart: place[id(chart[0])])
    return (*map(_joined, charts), *empty)


def _joined(chart: Sequence[Group]) -> Group:
    if len(chart) == 1:
        return chart[0]
    labels = tuple(group.title or naming(group)[0] for group in chart)
    return Group(tuple(one for group in chart for one in group.series), "", labels)


def _unit(group: Group) -> str:
    return group.series[0].unit


def _size(series: Series) -> float:
    import numpy as np

    values = plot.arrays(series)[1]
    values = np.abs(values[np.isfinite(values)])
    return float(values.max()) if len(values) else 0.0


def naming(group: Group) -> tuple[str, tuple[str, ...]]:
    """The title of a group and the labels of its series: names where they differ, hosts and sources where they do."""
    if group.labels or not group.series:
        return group.title, group.labels
    names = tuple(dict.fromkeys(one.name for one in group.series))
    common, short = short_labels(names)
    base = dict(zip(names, short, strict=True)) if len(names) > 1 else {}
    told: list[Callable[[Series], str]] = []
    for kind in (_part, _source, _stat):
        # A host that differs is said; the source and the statistic only where nothing else tells two apart.
        if len({kind(one) for one in group.series}) > 1 and (kind is _part or not _apart_by(group, base, told)):
            told.append(kind)
    labels = tuple(_label(one, base, told) for one in group.series)
    if len(group.series) == 1:
        labels = (group.title or common,)
    return group.title or common, labels


def _part(series: Series) -> str:
    return series.part


def _stat(series: Series) -> str:
    return series.stat


def _source(series: Series) -> str:
    return series.source


def _label(series: Series, base: Mapping[str, str], told: Sequence[Callable[[Series], str]]) -> str:
    return " ".join(filter(None, (base.get(series.name, ""), *(kind(series) for kind in told))))


def _apart_by(group: Group, base: Mapping[str, str], told: Sequence[Callable[[Series], str]]) -> bool:
    return len({_label(one, base, told) for one in group.series}) == len(group.series)
