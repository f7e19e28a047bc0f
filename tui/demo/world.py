"""The simulated account: what it holds when the demo begins, and how it goes on."""

from __future__ import annotations

import random
import threading
import time

from tui.demo import put
from tui.demo.endpoints import ENDPOINTS
from tui.demo.jobs import Plan
from tui.demo.live_endpoints import LiveEndpoint
from tui.demo.live_jobs import LiveJob, show_ended
from tui.demo.recipes import RECIPES

TICK_S = 0.25
KEPT_JOBS = 60
KEPT_SAMPLES = 40_000
_TIDY_S = 30.0
_QUIET_S = 2.0

HOUR = 3600.0
# Family, age, starting, downloading, training, uploading, in seconds: what is under way when the demo begins.
_UNDER_WAY = (
    ("resnet50-imagenet", 3.2 * HOUR, 180, 660, 12 * HOUR, 90),
    ("yolo-parts", 2.5 * HOUR, 120, 300, 9 * HOUR, 40),
    ("bert-sentiment-ft", 1.5 * HOUR, 150, 40, 2.5 * HOUR, 50),
    ("wav2vec2-base-de", 1.35 * HOUR, 170, 210, 2 * HOUR, 45),
    ("forecast-lstm", 0.4 * HOUR, 95, 25, 1.5 * HOUR, 20),
    ("mnist-keras", 150, 100, 120, 480, 35),
    ("xgb-churn-nightly", 40, 75, 45, 350, 25),
)
# Family, hours ago that it was made, its training in hours, the outcome, how far it got.
_JUST_ENDED = (
    ("t5-summarize", 4.9, 0.7, "Failed", 0.3),
    ("bert-sentiment-ft", 6.1, 1.2, "Stopped", 0.5),
    ("resnet50-imagenet", 26.0, 5.0, "Completed", 1.0),
)
_OLDER = 32


class World:
    """All that lives in the demo's account, and the clock that it lives by.

    Simulated time is in seconds since the demo began, negative before. What was before happened at the usual pace;
    what comes happens `speed` times as fast.
    """

    def __init__(self, seed: int, speed: float, began: float | None = None) -> None:
        self.speed = speed
        self.seed = seed
        self.began = time.time() if began is None else began
        self._chance = random.Random(seed)
        self._numbers = {family: self._chance.randrange(40, 400) for family in RECIPES}
        self._tidied = 0.0
        self.t = 0.0
        ended = self._ended_plans()
        self.jobs = [LiveJob(plan, self.when) for plan in self._under_way()]
        for plan in ended:
            show_ended(plan, self.when)
        self.endpoints = [LiveEndpoint(plan, seed, self.when) for plan in ENDPOINTS]
        put.bucket()

    def when(self, t: float) -> float:
        """Simulated seconds to seconds since the epoch."""
        return self.began + (t if t <= 0 else t / self.speed)

    def run(self, stop: threading.Event | None = None) -> None:
        """Lets time pass until `stop` is set."""
        stop = stop or threading.Event()
        unread = list(self.jobs)
        while not stop.wait(TICK_S):
            # By the clock on the wall, so that a machine that slept goes on at the present.
            self.advance(max(self.t, (time.time() - self.began) * self.speed))
            if self.t > _QUIET_S and unread:  # once the screen is up, before someone attaches
                unread.pop(0).write_past()

    def advance(self, t: float) -> None:
        """Lets all that lives go on to the simulated time `t`."""
        for job in self.jobs:
            job.advance(self.t, t)
        for endpoint in self.endpoints:
            endpoint.advance(self.t, t)
        self.t = t
        for job in [job for job in self.jobs if job.has_ended]:
            self.jobs.remove(job)
            self.jobs.append(LiveJob(self._next(job.plan), self.when))
        if t / self.speed - self._tidied > _TIDY_S:
            self._tidied = t / self.speed
            self._tidy()

    def _under_way(self) -> list[Plan]:
        return [
            Plan(RECIPES[family], self._number(family), self._chance.getrandbits(30), -age, *phases)
            for family, age, *phases in _UNDER_WAY
        ]

    def _ended_plans(self) -> list[Plan]:
        """The oldest first, so that numbers grow with time."""
        older = []
        families = list(RECIPES)
        for index in range(_OLDER, 0, -1):
            outcome = self._chance.choices(("Completed", "Failed", "Stopped"), (0.75, 0.15, 0.1))[0]
            reach = 1.0 if outcome == "Completed" else self._chance.uniform(0.2, 0.8)
            ago = 30 + index * 4.3 + self._chance.uniform(0, 3)
            older.append((families[index % len(families)], ago, self._chance.uniform(0.3, 3), outcome, reach))
        plans = []
        for family, ago, hours, outcome, reach in sorted([*older, *_JUST_ENDED], key=lambda one: -one[1]):
            recipe, number, seed = RECIPES[family], self._number(family), self._chance.getrandbits(30)
            uploading = 0 if outcome == "Failed" else 40
            phases = (self._chance.uniform(60, 200), self._chance.uniform(20, 300), hours * HOUR, uploading)
            plans.append(Plan(recipe, number, seed, -ago * HOUR, *phases, outcome, reach))
        return plans

    def _next(self, before: Plan) -> Plan:
        """The job that follows one that ended: of the same kind, soon done, so that the list stays alive."""
        chance = self._chance
        training = min(before.training, chance.uniform(0.2, 1.0) * HOUR)
        return Plan(
            before.recipe,
            self._number(before.recipe.family),
            chance.getrandbits(30),
            self.t,
            chance.uniform(60, 120),
            chance.uniform(30, 120),
            training,
            chance.uniform(20, 60),
        )

    def _number(self, family: str) -> int:
        self._numbers[family] += 1
        return self._numbers[family]

    def _tidy(self) -> None:
        """Forgets the oldest, so that a demo left alone for days does not grow."""
        jobs = put.sagemaker().training_jobs
        living = {job.plan.name for job in self.jobs}
        ended = sorted((job.creation_time, name) for name, job in list(jobs.items()) if name not in living)
        for _, name in ended[: max(0, len(jobs) - KEPT_JOBS)]:
            put.drop_job(name)
        for points in list(put.metrics().metrics.values()):
            points.keep(KEPT_SAMPLES)
