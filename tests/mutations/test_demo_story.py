"""On call in the demo: traffic rises and scaling is off, so instances stay; on again they follow; and it is undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.moto_server import Moto
from tui.demo.world import World
from tui.mutations import Change, Guard, agree, carry_out, see
from tui.mutations.scaling import ScalingSubject
from tui.mutations.scaling_plans import resume, suspend
from tui.mutations.undo import undo
from tui.sources.aws.source import AwsSource

EMBED = ScalingSubject("embed-prod", "main")
SPEED = 30.0


class Demo:
    """The demo's account with its time moved by hand, and a person who looks at it."""

    def __init__(self, moto: Moto, state: Path) -> None:
        self.world = World(1, SPEED)
        self.source = AwsSource(moto.settings())
        self.guard = Guard(state)

    def minutes(self, count: int) -> list[tuple[int, float]]:
        """The instances and the requests of each of these minutes."""
        live = next(one for one in self.world.endpoints if one.plan.name == "embed-prod")
        variant, found = live.plan.variants[0], []
        for _ in range(count):
            self.world.advance(self.world.t + 60)
            shown = self.source.describe_endpoint("embed-prod").variants[0]
            found.append((shown.current_instances or 0, variant.requests(int(self.world.t // 60), 1)))
        return found

    def do(self, plan: Callable[[], Change]) -> str:
        return carry_out(self.source, self.guard, agree(self.guard, plan(), yes="y")).verdict

    def suspended(self) -> bool:
        (target,) = self.source.scaling(["embed-prod"])
        return target.suspended.all


@pytest.fixture
def demo(moto: Moto, tmp_path: Path) -> Demo:
    return Demo(moto, tmp_path)


def test_suspended_it_stays_resumed_it_follows_and_undone_it_stays_again(demo: Demo) -> None:
    demo.minutes(2)
    assert demo.do(lambda: suspend(demo.guard, see(demo.source, EMBED))) == "done"
    demo.minutes(2)  # what was under way arrives
    held = demo.minutes(16)
    traffic = [requests for _, requests in held]
    assert max(traffic) > 2 * min(traffic)
    assert len({count for count, _ in held}) == 1

    assert demo.do(lambda: resume(demo.guard, see(demo.source, EMBED))) == "done"
    followed = demo.minutes(16)
    assert len({count for count, _ in followed}) > 1
    busiest, idlest = (pick(followed, key=lambda minute: minute[1]) for pick in (max, min))
    assert busiest[1] > 2 * idlest[1]

    assert demo.do(lambda: undo(demo.guard, demo.source)) == "done"
    assert demo.suspended()
    demo.minutes(2)
    assert len({count for count, _ in demo.minutes(12)}) == 1
    assert demo.do(lambda: undo(demo.guard, demo.source)) == "done"  # and the suspension before it
    assert not demo.suspended()
