"""Rules on a job's own metrics: overfitting, divergence, NaN, plateaus, oscillation, gradient norms.

Only metrics whose name says which way they should go are judged by their way: the losses of a GAN's parts, rewards and
policy losses go up and down in the best of runs. Levels are medians and limits are multiples of the curve's own noise,
so that neither a noisy run nor a learning rate that restarts is taken for a sick one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tui.model.findings import Finding
from tui.model.health.evidence import Evidence
from tui.model.health.names import direction, is_gradient_norm
from tui.model.health.numbers import Curve, curve, median, memory, noise, not_finite, quantile, smoothed
from tui.model.series import Series, pair_series, role_of
from tui.model.words import number, plural, span

_direction = lru_cache(maxsize=512)(direction)
_SIGMAS = 4.0


@dataclass(frozen=True, slots=True)
class Way:
    """A curve that should fall, and what its rules need to know of it.

    Attributes:
        name: The metric's name.
        curve: Its values, turned where the metric should rise: the share of 1 or of 100 that is missing.
        smooth: The running median.
        best: Where that is lowest.
        noise: Standard deviation around it.
        now: The median of the last values.
        start: The median of the first ones.
    """

    name: str
    series: Series
    curve: Curve
    smooth: list[float]
    best: int
    noise: float
    now: float
    start: float

    @property
    def low(self) -> float:
        """The lowest level."""
        return self.smooth[self.best]

    @property
    def place(self) -> str:
        """`step 4,200` or `epoch 12` of the best value where its lines name them, else empty."""
        return place_of(self.series, self.curve.times[self.best])


def ways(metrics: tuple[Series, ...]) -> dict[str, Way]:
    """Every metric that should go somewhere, by its name; of one name the series with the most datapoints."""
    longest: dict[str, Series] = {}
    for series in metrics:
        if series.name not in longest or len(series) > len(longest[series.name]):
            longest[series.name] = series
    found = {}
    for name, series in longest.items():
        towards = _direction(name)
        if towards and (way := _way(name, series, up=towards == "up")) is not None:
            found[name] = way
    return found


def _way(name: str, series: Series, *, up: bool) -> Way | None:
    bent = curve(series)
    if len(bent) < 6:
        return None
    if up:
        top = max(bent.values)
        full = 1.0 if top <= 1 else 100.0
        if top > full or min(bent.values) < 0:
            return None
        bent = Curve(bent.times, [full - value for value in bent.values], bent.count, full - bent.first)
    count = len(bent)
    smooth = smoothed(bent.values, max(3, count // 20 | 1))
    few = max(3, count // 20)
    return Way(
        name,
        series,
        bent,
        smooth,
        min(range(count), key=smooth.__getitem__),
        noise(bent.values, smooth),
        median(bent.values[-few:]),
        median(bent.values[:few]),
    )


def overfitting(on: Evidence, found: dict[str, Way]) -> Iterator[Finding]:
    """Validation has turned while training goes on."""
    told: list[Finding] = []
    for up in (False, True):
        if told:
            return  # an accuracy that falls says again what its loss has said
        for group in pair_series(list(found)):
            if (_direction(group[0]) == "up") is not up:
                continue
            train = next((found[name] for name in group if role_of(name) in {"train", ""}), None)
            for name in group:
                if role_of(name) == "validation" and (finding := _overfit(on, found[name], train)) is not None:
                    told.append(finding)
                    yield finding
                    break


def _overfit(on: Evidence, valid: Way, train: Way | None) -> Finding | None:
    limits, values = on.limits, valid.curve.values
    tail = values[valid.best + 1 :]
    if len(values) < limits["overfitting.points"] or len(tail) < max(5, len(values) // 6) or valid.low == 0:
        return None
    third = max(len(tail) // 3, 2)
    now = median(tail[-third:])
    rise = now - valid.low
    share = rise / abs(valid.low)
    if share < limits["overfitting.rise"] or rise < _SIGMAS * valid.noise:
        return None
    # It goes on: neither a wave that is over nor one bad stretch.
    if median(tail[:third]) - valid.low > 0.9 * rise or min(tail[-third:]) < valid.low + 0.4 * rise:
        return None
    turned = valid.curve.times[valid.best]
    since = valid.place or on.clock(turned)
    evidence = [f"{valid.name}: {number(_shown(valid, valid.low))} at its best, {number(_shown(valid, now))} now"]
    fell = ""
    if train is not None:
        then = median(_around(train, turned))
        last = median(train.curve.values[-max(3, len(train.curve) // 20) :])
        fall = (then - last) / abs(then) if then else 0.0
        gap = (now - last) / abs(last) if last else math.inf
        if gap < limits["overfitting.gap"] or fall < -0.02 or (fall < 0.03 and gap < 0.5):
            return None
        evidence.append(f"{train.name}: {number(_shown(train, then))} then, {number(_shown(train, last))} now")
        if math.isfinite(gap):
            evidence.append(f"gap (validation − training) / training: {gap:.2f}, limit {limits['overfitting.gap']:g}")
        fell = f", train −{100 * fall:.0f}%"
    else:
        evidence.append("its training counterpart is not among the metrics at hand")
    evidence.append(f"{len(tail)} values since the best of {len(values)}")
    rising = f"+{100 * share:.0f}%"
    sentence = f"overfits since {since}: validation {rising}{fell}"
    if _direction(valid.name) == "up":
        lost = f"{number(_shown(valid, valid.low))} → {number(_shown(valid, now))}"
        sentence = f"overfits since {since}: {valid.name} {lost}"
    elif train is None:
        sentence = f"{valid.name} has turned at {since}: {rising} since its best"
    subject = (valid.name, train.name) if train is not None else (valid.name,)
    return Finding("overfitting", "warning", sentence, tuple(evidence), int(turned), subject, "Overfit")


def _shown(way: Way, value: float) -> float:
    """A value as the metric has it."""
    if _direction(way.name) != "up":
        return value
    return (1.0 if max(way.series.values) <= 1 else 100.0) - value


def _around(way: Way, time_ms: float) -> list[float]:
    place = way.curve.at(time_ms)
    reach = max(2, len(way.curve) // 40)
    return list(way.curve.values[max(place - reach, 0) : place + reach + 1])


def overtraining(on: Evidence, found: dict[str, Way]) -> Iterator[Finding]:
    """Neither training nor validation gets better, for most of the run."""
    limits = on.limits
    for group in pair_series(list(found)):
        valid = next((found[name] for name in group if role_of(name) == "validation"), None)
        train = next((found[name] for name in group if role_of(name) in {"train", ""}), None)
        if valid is None or train is None or len(valid.curve) < 20:
            continue
        since = max(_flat_since(way, limits["overtraining.improvement"]) for way in (valid, train))
        end = min(valid.curve.times[-1], train.curve.times[-1])
        begun = min(valid.curve.times[0], train.curve.times[0])
        idle = (end - since) / 60_000
        if idle < limits["overtraining.minutes"] or idle * 60_000 < limits["overtraining.share"] * (end - begun):
            continue
        if valid.now > valid.low + max(_SIGMAS * valid.noise, 0.05 * abs(valid.low)):
            continue  # it gets worse: that has names of its own
        if train.now > train.low + max(_SIGMAS * train.noise, 0.05 * abs(train.low)):
            continue
        yield Finding(
            "overtraining",
            "warning",
            f"no progress in training or validation for {span(idle * 60)}, since {on.clock(since)}",
            (
                f"{valid.name}: best {number(_shown(valid, valid.low))}, now {number(_shown(valid, valid.now))}",
                f"{train.name}: best {number(_shown(train, train.low))}, now {number(_shown(train, train.now))}",
                f"progress is {100 * limits['overtraining.improvement']:g}% of the best value",
            ),
            int(since),
            (valid.name, train.name),
            "Overtraining",
        )
        return


def _flat_since(way: Way, share: float) -> float:
    """Since when it has not got better by a share of its level; its last time, where that is lost in noise."""
    times, values = way.curve.times, way.curve.values
    width = max(3, len(values) // 20)
    level = median(values[-max(len(values) // 4, 3) :])
    chance = 2.5 * way.noise / math.sqrt(width)
    since = times[-1]
    if chance > 3 * share * abs(level):
        return since
    for end in range(len(values), width - 1, -width):
        if median(values[end - width : end]) > level + share * abs(level) + chance:
            break
        since = times[end - width]
    return since


def divergence(on: Evidence, found: dict[str, Way]) -> Iterator[Finding]:
    """A loss has gone up for good, by half of what it had fallen and by half of its best."""
    for way in _losses(found):
        values = way.curve.values
        tail = values[way.best + 1 :]
        few = max(4, len(values) // 20)
        if way.curve.count < 15 or len(tail) < few or way.low == 0:
            continue
        if role_of(way.name) in {"validation", "test"}:
            continue  # that it turned is said already, and of training nothing is known
        rise = way.now - way.low
        least = on.limits["divergence.rise"] * max(abs(way.low), way.start - way.low, way.curve.first - way.low)
        if rise < least or rise < 5 * way.noise or min(values[-few:]) < way.low + rise / 2:
            continue
        turned = way.curve.times[way.best]
        yield Finding(
            "divergence",
            "critical",
            f"{way.name} diverges since {way.place or on.clock(turned)}: from {number(way.low)} to {number(way.now)}",
            (
                f"it began at {number(way.start)}",
                f"up {100 * rise / abs(way.low):.0f}% from its best, {number(least)} or more is called divergence",
            ),
            int(turned),
            (way.name,),
            "LossNotDecreasing",
        )


def plateau(on: Evidence, found: dict[str, Way]) -> Iterator[Finding]:
    """A loss that has never fallen: the model does not learn."""
    limits = on.limits
    for way in _losses(found):
        bent = way.curve
        if role_of(way.name) == "validation" or bent.count < 30 or bent.minutes < limits["plateau.minutes"]:
            continue
        scale = abs(way.start)
        quarter = len(bent) // 4
        levels = [median(bent.values[at * quarter : (at + 1) * quarter]) for at in range(4)]
        spread = 2 * way.noise / math.sqrt(quarter)
        if spread > 0.05 * scale:
            continue  # so noisy that nobody can tell
        least = limits["plateau.fall"] * scale + spread
        # What fell within the first mean has learnt all the same.
        raw_noise = way.noise * math.sqrt(bent.count / len(bent))
        if way.start - levels[3] > least + spread or bent.first - levels[3] > max(0.05 * scale, _SIGMAS * raw_noise):
            continue
        if max(levels) - min(levels) > max(least, 0.03 * scale) + spread or way.start - way.low > max(
            0.03 * scale, _SIGMAS * way.noise
        ):
            continue
        yield Finding(
            "plateau",
            "warning",
            f"{way.name} has not fallen in {span(bent.minutes * 60)}: {number(way.start)} then, {number(way.now)} now",
            (
                f"{bent.count:,} values, noise ±{number(way.noise)}",
                f"a fall of {100 * limits['plateau.fall']:g}% is asked for",
            ),
            int(bent.times[0]),
            (way.name,),
            "LossNotDecreasing",
        )
        return


def oscillation(on: Evidence, found: dict[str, Way]) -> Iterator[Finding]:
    """A loss that swings widely and gets nowhere: the learning rate is usually too high."""
    limits = on.limits
    for way in _losses(found):
        values = way.curve.values
        half = values[len(values) // 2 :]
        # Batches differ too, but one after the other by chance; what swings leaves a value near the one before it.
        if len(values) < 40 or (role_of(way.name) != "validation" and memory(half) < 0.4):
            continue
        low, high = quantile(half, 0.1), quantile(half, 0.9)
        drop = max(way.curve.first, way.start) - min(way.smooth)
        if low <= 0 or high / low < limits["oscillation.ratio"] or high - low < 0.5 * drop:
            continue
        swings, up = 0, False
        for value in half:
            if not up and value > low + 0.7 * (high - low):
                swings, up = swings + 1, True
            elif up and value < low + 0.3 * (high - low):
                up = False
        if swings < limits["oscillation.swings"]:
            continue
        since = way.curve.times[len(values) // 2]
        yield Finding(
            "oscillation",
            "warning",
            f"{way.name} swings between {number(low)} and {number(high)}, {plural(swings, 'time')} "
            f"since {on.clock(since)}",
            (f"p10 and p90 of the second half; in all it has fallen by {number(drop)}",),
            int(since),
            (way.name,),
        )
        return


def nan(on: Evidence) -> Iterator[Finding]:
    """A metric is NaN or infinite now; or a loss was NaN and came back."""
    limits = on.limits
    for series in on.metrics:
        wrong = not_finite(series)
        if not wrong or len(wrong) < limits["nan.count"]:
            continue
        values, last = series.values, len(series) - 1
        still = wrong[-1] == last
        loss = _direction(series.name) == "down"
        # Mixed precision finds an infinite gradient now and then and skips the step: only one that stays is named.
        first = next((at for at, place in enumerate(wrong) if last - place == len(wrong) - 1 - at), 0) if still else 0
        if still and not loss and len(wrong) - first < 3:
            continue
        if not still and not (loss and any(math.isnan(values[place]) for place in wrong)):
            continue
        place = wrong[first]
        word = "NaN" if math.isnan(values[place]) else "infinite"
        before = next((value for value in reversed(values[:place]) if math.isfinite(value)), None)
        where = place_of(series, series.times[place]) or on.clock(series.times[place])
        evidence = [f"{len(wrong):,} of {len(values):,} values ({series.source})"]
        if before is not None:
            evidence.append(f"{number(before)} just before")
        what = f"is {word} since {where}" if still else f"was {word} at {where}, and came back"
        yield Finding(
            "nan",
            "critical" if still else "warning",
            f"{series.name} {what}",
            tuple(evidence),
            series.times[place],
            (series.name,),
            "ExplodingTensor",
        )


def gradients(on: Evidence) -> Iterator[Finding]:
    """A gradient norm far above its usual level, or next to nothing."""
    limits = on.limits
    for series in on.metrics:
        if not is_gradient_norm(series.name):
            continue
        bent = curve(series)
        if len(bent) < 12:
            continue
        few = max(4, len(bent) // 20)
        now = median(bent.values[-few:])
        usual = median(bent.values[: max(len(bent) - 2 * few, few)])
        time = int(bent.times[-few])
        evidence = (f"usually {number(usual)}", f"median of its last {plural(few, 'value')}: {number(now)}")
        if usual > 0 and now > limits["exploding-gradient.factor"] * usual:
            sentence = f"{series.name} explodes: {number(now)}, usually {number(usual)}"
            yield Finding("exploding-gradient", "critical", sentence, evidence, time, (series.name,), "ExplodingTensor")
        elif 0 <= now < limits["vanishing-gradient.norm"]:
            sentence = f"{series.name} vanishes: {number(now)}"
            yield Finding(
                "vanishing-gradient", "warning", sentence, evidence, time, (series.name,), "VanishingGradient"
            )


def _losses(found: dict[str, Way]) -> Iterator[Way]:
    """What should fall: of a group its training, or all of it where there is none."""
    for group in pair_series([name for name in found if _direction(name) == "down"]):
        first = found[group[0]]
        yield first
        if role_of(first.name) in {"validation", "test"}:
            yield from (found[name] for name in group[1:])


def place_of(series: Series, time_ms: float) -> str:
    """`step 4,200`, or `epoch 12`, of the datapoint at a time; empty where its line named neither."""
    at = min(bisect_left(series.times, time_ms), len(series) - 1)
    for word, places in (("step", series.steps), ("epoch", series.epochs)):
        if len(places) > at >= 0 and math.isfinite(places[at]):
            return f"{word} {places[at]:,.10g}"
    return ""
