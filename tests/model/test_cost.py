"""What a job costs, what a spot job saved, and what idle GPUs cost."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta, timezone

import pytest

from tui.model.budget import money, requests_usd
from tui.model.cost import bill, hourly, idle_gpu_s, idle_gpus, spot_saving
from tui.model.eta import Estimate
from tui.model.jobs import InstanceGroup, TrainingJob
from tui.model.outlook import header_words, money_rows, outlook
from tui.model.series import Series

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
PRICES = {"ml.p4d.24xlarge": 40.0, "ml.m5.xlarge": 0.25}
TWO = (InstanceGroup("ml.p4d.24xlarge", 2),)


def job(**fields: object) -> TrainingJob:
    given = {"status": "InProgress", "started": NOW - timedelta(hours=3), "instances": TWO, **fields}
    return TrainingJob("job", created=NOW - timedelta(hours=4), **given)  # type: ignore[arg-type]


def gpu(*values: float, every_s: int = 60) -> Series:
    times = array("q", [1_000 * every_s * place for place in range(len(values))])
    return Series("GPUUtilization", times, array("d", values))


class TestBill:
    def test_a_running_job_is_billed_since_its_start(self) -> None:
        said = bill(job(), PRICES, NOW)
        assert said is not None
        assert (said.instance_hours, said.usd, said.projected_usd, said.estimated) == (6, 240, None, True)

    def test_and_will_have_cost_so_much_when_it_is_done(self) -> None:
        said = bill(job(max_runtime_s=86_400), PRICES, NOW, NOW + timedelta(hours=1))
        assert said is not None
        assert said.projected_usd == 320

    def test_but_no_more_than_it_may_run(self) -> None:
        said = bill(job(max_runtime_s=int(3.5 * 3600)), PRICES, NOW, NOW + timedelta(hours=9))
        assert said is not None
        assert said.projected_usd == 280

    def test_an_ended_job_costs_what_aws_bills(self) -> None:
        done = job(status="Completed", ended=NOW, training_s=10_800, billable_s=3600, spot=True)
        said = bill(done, PRICES, NOW, NOW + timedelta(hours=1))
        assert said is not None
        assert (said.instance_hours, said.usd, said.projected_usd, said.estimated) == (2, 80, None, False)

    def test_a_warm_pool_is_paid_for_too(self) -> None:
        said = bill(job(status="Completed", billable_s=3600, warm_pool_s=900), PRICES, NOW)
        assert said is not None
        assert (said.instance_hours, said.usd, said.warm_pool_usd) == (2.5, 100, 20)

    def test_groups_of_several_types_have_their_own_prices(self) -> None:
        mixed = (*TWO, InstanceGroup("ml.m5.xlarge", 4))
        assert hourly(job(instances=mixed), PRICES) == 81
        assert hourly(job(instances=(*mixed, InstanceGroup("ml.new.xlarge", 1))), PRICES) is None

    def test_without_a_price_there_are_instance_hours(self) -> None:
        said = bill(job(), {}, NOW, NOW + timedelta(hours=1))
        assert said is not None
        assert (said.instance_hours, said.usd, said.projected_usd) == (6, None, None)

    @pytest.mark.parametrize("fields", [{"started": None}, {"instances": ()}])
    def test_before_it_has_started_there_is_none(self, fields: dict[str, object]) -> None:
        assert bill(job(**fields), PRICES, NOW) is None


class TestSpot:
    def test_saves_the_share_that_is_not_billed(self) -> None:
        assert spot_saving(job(spot=True, training_s=3300, billable_s=1188)) == pytest.approx(64)

    @pytest.mark.parametrize("fields", [{"spot": False}, {"training_s": 0}, {"billable_s": None}])
    def test_which_is_not_known_before_aws_says_so(self, fields: dict[str, object]) -> None:
        assert spot_saving(job(**{"spot": True, "training_s": 3300, "billable_s": 1188, **fields})) is None


class TestIdle:
    def test_a_minute_below_a_twentieth_of_full_scale_is_idle(self) -> None:
        assert idle_gpu_s(gpu(0, 39, 41, 700), 800) == 120
        assert idle_gpu_s(gpu(0, 0, 0, every_s=300), 800) == 900
        assert idle_gpu_s(gpu(0), 800) == 0

    def test_costs_what_the_instances_cost_meanwhile(self) -> None:
        hosts = {"algo-1": {"GPUUtilization": gpu(*[0] * 60)}, "algo-2": {"GPUUtilization": gpu(*[760] * 60)}}
        idle = idle_gpus(job(), hosts, PRICES)
        assert idle is not None
        assert (idle.instance_s, idle.usd) == (3600, 40)

    def test_hosts_that_were_not_measured_are_as_the_others(self) -> None:
        many = job(instances=(InstanceGroup("ml.p4d.24xlarge", 10),))
        idle = idle_gpus(many, {"algo-1": {"GPUUtilization": gpu(*[0] * 60)}}, {})
        assert idle is not None
        assert (idle.instance_s, idle.usd) == (36_000, None)

    def test_a_job_without_gpus_has_none_idle(self) -> None:
        assert idle_gpus(job(instances=(InstanceGroup("ml.m5.xlarge", 1),)), {"algo-1": {}}, PRICES) is None


class TestWords:
    ends = Estimate(round((NOW + timedelta(minutes=65)).timestamp() * 1000), 0.41)

    def test_time_and_money_in_a_header(self) -> None:
        assert header_words(outlook(job(), PRICES, self.ends, NOW)) == ["≈ $240 of $327, ETA 1h05m"]
        assert header_words(outlook(job(), PRICES, None, NOW)) == ["≈ $240"]
        assert header_words(outlook(job(), {}, self.ends, NOW)) == ["≈ ETA 1h05m"]
        assert header_words(outlook(job(), {}, None, NOW)) == []
        assert header_words(outlook(job(status="Completed", billable_s=3600), PRICES, self.ends, NOW)) == ["$80.00"]

    def test_a_job_that_will_be_stopped_says_so_first(self) -> None:
        seen = outlook(job(max_runtime_s=12_300), {}, self.ends, NOW)
        assert header_words(seen)[0] == "≈ will be stopped about 40m before it finishes"

    def test_nothing_changes_within_a_minute(self) -> None:
        assert outlook(job(), PRICES, None, NOW) == outlook(job(), PRICES, None, NOW + timedelta(seconds=59))

    def test_at_length(self) -> None:
        hosts = {"algo-1": {"GPUUtilization": gpu(*[0] * 41)}}
        rows = dict(money_rows(outlook(job(), PRICES, self.ends, NOW, hosts)))
        assert rows == {
            "ETA": "≈ 1h05m, 41% done",
            "cost": "≈ $240 so far, ≈ $327 in all",
            "time": "≈ 6.0 instance-hours",
            "price": "$80.00 an hour",
            "idle GPUs": "≈ 1h22m of an instance's time, $54.67",
        }

    def test_without_a_price_it_says_why(self) -> None:
        rows = dict(money_rows(outlook(job(), {}, None, NOW), "needs pricing:GetProducts"))
        assert rows == {"cost": "–, ≈ 6.0 instance-hours", "price": "needs pricing:GetProducts"}

    @pytest.mark.parametrize(
        ("usd", "text"),
        [
            (None, "–"),
            (0, "$0.00"),
            (0.0096, "$0.010"),
            (0.004, "$0.004"),
            (0.0002, "$0.0002"),
            (0.00001, "<$0.0001"),
            (4.123, "$4.12"),
            (1204.4, "$1,204"),
        ],
    )
    def test_money(self, usd: float | None, text: str) -> None:
        assert money(usd) == text


def test_a_thousand_metrics_cost_a_cent() -> None:
    assert requests_usd(1000) == pytest.approx(0.01)
