"""Time and money on a job's screen, and what is wrong on an endpoint's."""

from __future__ import annotations

from tests.moto_server import Moto
from tests.screens.monitor import opened
from tests.screens.world import RANKER, WorldSource, before, job_fields, put_log
from tui.watch.prices import PriceBook


def put_steady_job(moto: Moto, **fields: object) -> None:
    """Half an hour and thirty of sixty steps old, on two instances."""
    moto.add_job(
        "steady",
        created=before(minutes=33),
        **job_fields(
            "InProgress",
            "Training",
            before(minutes=30),
            HyperParameters={"max_steps": "60"},
            ResourceConfig={"InstanceType": "ml.p3.8xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100},
            **fields,
        ),
    )
    put_log(moto, "steady", "algo-1", [(before(minutes=30 - step), f"step {step} loss=0.1") for step in range(31)])


async def test_a_job_says_what_it_costs_and_when_it_is_done(world: WorldSource, moto: Moto) -> None:
    put_steady_job(moto)
    prices = PriceBook({"ml.p3.8xlarge": 12.0})
    async with opened(world, size=(160, 45), prices=prices) as monitor:
        await monitor.visit("job steady")
        await monitor.until("step 30 loss=0.1")
        await monitor.press("r")
        await monitor.until("≈ $12.00 of $24.00, ETA 30m")
        await monitor.press("4")
        await monitor.until(
            "ETA    ≈ 30m, 50% done", "cost   ≈ $12.00 so far, ≈ $24.00 in all", "price  $24.00 an hour"
        )


async def test_a_job_that_will_be_stopped_before_its_end_says_so(world: WorldSource, moto: Moto) -> None:
    put_steady_job(moto, StoppingCondition={"MaxRuntimeInSeconds": 2400})
    async with opened(world, size=(160, 45)) as monitor:
        await monitor.visit("job steady")
        await monitor.until("step 30 loss=0.1")
        await monitor.press("r")
        await monitor.until("≈ will be stopped about 20m before it finishes")


async def test_an_endpoint_in_service_that_fails_says_what_is_wrong_and_leads_to_it(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("! InService", "! v12 answers 6.6% of requests with 5XX, 1.4% before  and 1 more  → f")
        await monitor.press("f")
        await monitor.until("endpoint-errors", "limit 1%", "enter goes to the moment")
        await monitor.press("enter")
        await monitor.until("a minute ── 13:04:00")
