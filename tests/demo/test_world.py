"""What the demo's account holds and how it goes on, seen over HTTP; time is moved by hand."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

Client = Callable[[str], Any]
GROUP = "/aws/sagemaker/TrainingJobs"
JOBS = "/aws/sagemaker/TrainingJobs"


class Account:
    """A world, and what one sees of it."""

    def __init__(self, client: Client, seed: int = 1, speed: float = 1.0) -> None:
        from tui.demo.world import World

        # A fixed beginning, so that two worlds of one seed agree in every timestamp too.
        self.world = World(seed, speed, began=1_790_000_000.0)
        self.client = client
        self.sagemaker = client("sagemaker")

    def jobs(self) -> dict[str, Any]:
        found, token = {}, {}
        while True:
            answer = self.sagemaker.search(
                Resource="TrainingJob", SortBy="CreationTime", SortOrder="Descending", MaxResults=100, **token
            )
            found.update({one["TrainingJob"]["TrainingJobName"]: one["TrainingJob"] for one in answer["Results"]})
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    def job(self, family: str, status: str = "InProgress") -> Any:
        return next(
            job for name, job in self.jobs().items() if name.startswith(family) and job["TrainingJobStatus"] == status
        )

    def log(self, name: str, **more: Any) -> list[Any]:
        logs, found, token = self.client("logs"), [], {}
        while True:
            answer = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix=f"{name}/", **more, **token)
            found += answer["events"]
            if "nextToken" not in answer:
                return found
            token = {"nextToken": answer["nextToken"]}

    def curve(self, namespace: str, metric: str, stat: str = "Average", **dimensions: str) -> list[float]:
        named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        query = {
            "Id": "q",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": named},
                "Period": 60,
                "Stat": stat,
            },
        }
        now = datetime.fromtimestamp(self.world.when(self.world.t), timezone.utc)
        answer = self.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query],
            StartTime=now - timedelta(hours=14),
            EndTime=now + timedelta(hours=1),
            ScanBy="TimestampAscending",
        )
        values: list[float] = answer["MetricDataResults"][0]["Values"]
        return values

    def advance(self, seconds: float, tick: float = 5.0) -> None:
        end = self.world.t + seconds
        while self.world.t < end:
            self.world.advance(min(end, self.world.t + tick))


@pytest.fixture
def account(client: Client) -> Account:
    return Account(client)


class TestWhatIsThere:
    def test_jobs_in_every_state(self, account: Account) -> None:
        jobs = account.jobs()
        assert {job["TrainingJobStatus"] for job in jobs.values()} == {"InProgress", "Completed", "Failed", "Stopped"}
        running = {job["SecondaryStatus"] for job in jobs.values() if job["TrainingJobStatus"] == "InProgress"}
        assert running == {"Starting", "Downloading", "Training"}
        assert len(jobs) >= 40

    def test_one_trains_on_two_gpu_hosts(self, account: Account) -> None:
        job = account.job("resnet50")
        assert job["ResourceConfig"]["InstanceType"] == "ml.p4d.24xlarge"
        assert job["ResourceConfig"]["InstanceCount"] == 2
        phases = job["SecondaryStatusTransitions"]
        assert [phase["Status"] for phase in phases] == ["Starting", "Downloading", "Training"]
        assert [("EndTime" in phase) for phase in phases] == [True, True, False]
        recent = {"startTime": int(account.world.began * 1000) - 60_000}
        hosts = {event["logStreamName"].split("/")[1][:6] for event in account.log(job["TrainingJobName"], **recent)}
        assert hosts == {"algo-1", "algo-2"}
        for host in ("algo-1", "algo-2"):
            cpu = account.curve(JOBS, "CPUUtilization", Host=f"{job['TrainingJobName']}/{host}")
            assert len(cpu) > 120
            assert 100 < max(cpu) <= 9600
        gpu = account.curve(JOBS, "GPUUtilization", Host=f"{job['TrainingJobName']}/algo-1")
        assert min(gpu) > 600

    def test_one_overfits(self, account: Account) -> None:
        name = account.job("bert")["TrainingJobName"]
        train = account.curve(JOBS, "train:loss", TrainingJobName=name)
        validation = account.curve(JOBS, "validation:loss", TrainingJobName=name)
        assert train[-1] < train[len(train) // 2] < train[0]
        assert validation[-1] > 1.1 * min(validation)
        assert validation[0] > 1.1 * min(validation)

    def test_one_loses_its_loss(self, account: Account) -> None:
        name = account.job("wav2vec2")["TrainingJobName"]
        events = [event["message"] for event in account.log(name)]
        assert "loss=nan" in events[-1]
        assert "loss=nan" not in events[50]
        train = account.curve(JOBS, "train:loss", TrainingJobName=name)
        used = account.curve(JOBS, "CPUUtilization", Host=f"{name}/algo-1")
        assert all(map(math.isfinite, train))
        assert len(train) < len(used)

    def test_one_leaves_its_gpu_idle_while_its_cores_work(self, account: Account) -> None:
        name = account.job("yolo")["TrainingJobName"]
        assert max(account.curve(JOBS, "GPUUtilization", Host=f"{name}/algo-1")) <= 5
        assert min(account.curve(JOBS, "CPUUtilization", Host=f"{name}/algo-1")) > 350

    def test_one_failed_with_a_traceback(self, account: Account) -> None:
        job = account.job("t5", "Failed")
        assert "CUDA out of memory" in job["FailureReason"]
        assert len(job["FailureReason"]) <= 1024
        messages = [event["message"] for event in account.log(job["TrainingJobName"])]
        assert "Traceback (most recent call last):" in messages

    def test_completed_and_stopped_jobs_have_their_end(self, account: Account) -> None:
        for job in (account.job("resnet50", "Completed"), account.job("bert", "Stopped")):
            assert job["TrainingEndTime"] > job["TrainingStartTime"] > job["CreationTime"]
            assert job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]
            assert {metric["MetricName"] for metric in job["FinalMetricDataList"]} >= {"train:loss", "validation:loss"}

    def test_spot_saves(self, account: Account) -> None:
        job = account.job("resnet50", "Completed")
        assert job["EnableManagedSpotTraining"]
        assert job["BillableTimeInSeconds"] < 0.5 * job["TrainingTimeInSeconds"]

    def test_every_log_holds_what_its_metric_definitions_look_for(self, account: Account) -> None:
        account.advance(200)
        families = set()
        for name, job in account.jobs().items():
            if job["SecondaryStatus"] != "Training":
                continue
            messages = [event["message"] for event in account.log(name)]
            for definition in job["AlgorithmSpecification"]["MetricDefinitions"]:
                found = [
                    match.group(1) for match in (re.search(definition["Regex"], line) for line in messages) if match
                ]
                assert found, (name, definition)
                assert all(float(value) is not None for value in found)
            families.add(name.rsplit("-", 1)[0])
        assert len(families) == 7

    def test_the_log_formats_are_those_that_people_have(self, account: Account) -> None:
        account.advance(200)
        logs = {
            family: "\n".join(event["message"] for event in account.log(account.job(family)["TrainingJobName"]))
            for family in ("resnet50", "bert", "wav2vec2", "yolo", "forecast", "mnist", "xgb")
        }
        assert "Epoch: [0][" in logs["resnet50"]
        assert "{'loss': " in logs["bert"]
        assert re.search(r"it/s, loss=[0-9.]+\]\rEpoch", logs["wav2vec2"])
        assert "\x1b[32mINFO\x1b[0m" in logs["yolo"]
        assert re.search(r"^Train_error=0\.\d{6}; Valid_error=0\.\d{6};$", logs["forecast"], re.MULTILINE)
        assert re.search(r"ETA: \d+s - loss: [0-9.]+ - accuracy: [0-9.]+\r", logs["mnist"])
        assert re.search(r"^\[12\]#011train-rmse:[0-9.]+#011validation-rmse:[0-9.]+$", logs["xgb"], re.MULTILINE)

    def test_some_events_are_late(self, account: Account) -> None:
        events = account.log(account.job("resnet50")["TrainingJobName"])
        delays = [(event["ingestionTime"] - event["timestamp"]) / 1000 for event in events]
        assert 20 <= max(delays) <= 60
        assert sum(delay > 15 for delay in delays) < len(delays) / 20


class TestHowItGoesOn:
    def test_a_starting_job_goes_through_its_phases_and_another_follows(self, account: Account) -> None:
        name = account.job("xgb")["TrainingJobName"]
        seen = ["Starting"]
        while seen[-1] != "Completed":
            account.advance(10)
            assert account.world.t < 1_000
            now = account.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]
            if now != seen[-1]:
                seen.append(now)
        assert seen == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
        account.advance(10)
        following = account.job("xgb")
        assert following["TrainingJobName"] > name
        assert following["SecondaryStatus"] == "Starting"

    def test_lines_arrive_several_a_second_from_both_hosts(self, account: Account) -> None:
        name = account.job("resnet50")["TrainingJobName"]
        account.advance(10, tick=0.25)
        new = account.log(name, startTime=int(account.world.began * 1000))
        assert len(new) >= 30
        assert {event["logStreamName"].split("/")[1][:6] for event in new} == {"algo-1", "algo-2"}

    def test_what_was_printed_before_is_not_printed_again(self, account: Account) -> None:
        name = account.job("forecast")["TrainingJobName"]
        account.advance(300)
        events = [event for event in account.log(name) if event["message"].startswith("Train_error")]
        last = events[-1]["timestamp"] - 70_000  # what is late has come by then
        times = [event["timestamp"] for event in events if event["timestamp"] < last]
        assert {after - before for before, after in itertools.pairwise(times)} == {1000}

    def test_curves_grow_each_minute(self, account: Account) -> None:
        name = account.job("resnet50")["TrainingJobName"]
        before = account.curve(JOBS, "train:loss", TrainingJobName=name)
        account.advance(180)
        after = account.curve(JOBS, "train:loss", TrainingJobName=name)
        assert len(after) == len(before) + 3
        assert after[: len(before)] == before

    def test_a_stopped_job_stops(self, account: Account) -> None:
        name = account.job("resnet50")["TrainingJobName"]
        account.sagemaker.stop_training_job(TrainingJobName=name)
        assert account.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "Stopping"
        account.advance(5)
        account.advance(300)
        messages = [event["message"] for event in account.log(name, startTime=int(account.world.began * 1000))]
        assert 1 <= sum("SIGTERM" in message for message in messages) <= 2
        assert len(messages) < 60

    @pytest.mark.parametrize("speed", [1.0, 60.0])
    def test_a_demo_left_alone_does_not_grow(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, speed: float
    ) -> None:
        from tui.demo import live_endpoints, live_jobs, put, world

        monkeypatch.setattr(live_jobs, "KEPT_EVENTS", 300)
        monkeypatch.setattr(live_endpoints, "KEPT_EVENTS", 300)
        monkeypatch.setattr(world, "KEPT_SAMPLES", 500)
        monkeypatch.setattr(world, "KEPT_JOBS", 45)
        account = Account(client, speed=speed)
        account.advance(5 * 3600, tick=60)
        assert len(account.jobs()) <= 45 + len(account.world.jobs)
        index = put.metrics().metrics
        named = {value for key in index for part, value in key[2] if part == "TrainingJobName"}
        assert named <= set(account.jobs())
        assert max(len(points.times) for points in index.values()) <= 500 + 13 * 60
        streams = client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
        assert {stream["logStreamName"].split("/")[0] for stream in streams} <= set(account.jobs())


class TestEndpoints:
    def test_they_are_what_the_screens_need(self, account: Account) -> None:
        shown = {one["EndpointName"]: one for one in account.sagemaker.list_endpoints()["Endpoints"]}
        named = {"ranker-prod", "embed-prod", "tagger-stage", "intent-serverless", "reranker-canary", "chat-shared"}
        assert set(shown) == named
        assert shown["reranker-canary"]["EndpointStatus"] == "Updating"
        whole = {name: account.sagemaker.describe_endpoint(EndpointName=name) for name in shown}
        assert [variant["VariantName"] for variant in whole["ranker-prod"]["ProductionVariants"]] == ["v12", "v13"]
        serverless = whole["intent-serverless"]["ProductionVariants"][0]
        assert serverless["CurrentServerlessConfig"]["MaxConcurrency"] == 20
        assert "CurrentInstanceCount" not in serverless
        pending = whole["reranker-canary"]["PendingDeploymentSummary"]["ProductionVariants"][0]
        assert pending["VariantStatus"][0]["Status"] in ("Creating", "ActivatingTraffic", "Baking")
        assert [one["VariantName"] for one in whole["reranker-canary"]["ShadowProductionVariants"]] == ["next"]
        for name, one in whole.items():
            config = account.sagemaker.describe_endpoint_config(EndpointConfigName=one["EndpointConfigName"])
            types = ["InstanceType" in variant for variant in config["ProductionVariants"]]
            assert all(types) == (name != "intent-serverless")
            if name == "reranker-canary":
                assert config["ShadowProductionVariants"][0]["ModelName"] == "reranker-6"

    def test_models_components_and_alarms_stand_behind_them(self, account: Account) -> None:
        model = account.sagemaker.describe_model(ModelName="ranker-12")
        assert model["PrimaryContainer"]["ModelDataUrl"].startswith("s3://")
        listed = account.sagemaker.list_inference_components(EndpointNameEquals="chat-shared")["InferenceComponents"]
        names = [one["InferenceComponentName"] for one in listed]
        assert sorted(names) == ["chat-guard-2b", "chat-mistral-7b"]
        one = account.sagemaker.describe_inference_component(InferenceComponentName="chat-mistral-7b")
        assert one["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
        cloudwatch = account.client("cloudwatch")
        states = {one["AlarmName"]: one["StateValue"] for one in cloudwatch.describe_alarms()["MetricAlarms"]}
        assert states == {"tagger-stage-5xx": "ALARM", "embed-prod-slow": "OK", "ranker-prod-5xx": "OK"}
        history = cloudwatch.describe_alarm_history(AlarmName="embed-prod-slow")["AlarmHistoryItems"]
        assert [item["HistorySummary"] for item in history][:2] == [
            "Alarm updated from ALARM to OK",
            "Alarm updated from OK to ALARM",
        ]

    def test_traffic_has_a_daily_wave_and_the_stage_fails(self, account: Account) -> None:
        requests = account.curve("AWS/SageMaker", "Invocations", "Sum", EndpointName="ranker-prod", VariantName="v12")
        assert len(requests) > 600
        assert max(requests) > 3 * min(requests) > 0
        failed = account.curve(
            "AWS/SageMaker", "Invocation5XXErrors", "Average", EndpointName="tagger-stage", VariantName="main"
        )
        assert 0.1 < sum(failed) / len(failed) < 0.4

    def test_latencies_have_a_tail_and_are_in_microseconds(self, account: Account) -> None:
        where = {"EndpointName": "ranker-prod", "VariantName": "v12"}
        middle = account.curve("AWS/SageMaker", "ModelLatency", "p50", **where)
        tail = account.curve("AWS/SageMaker", "ModelLatency", "p99", **where)
        assert all(10_000 < value < 200_000 for value in middle)
        assert all(high > 2 * low for low, high in zip(middle, tail, strict=True))

    def test_instances_follow_the_load_unless_scaling_is_suspended(self, account: Account) -> None:
        def counts(minutes: int) -> list[int]:
            found = []
            for _ in range(minutes):
                account.advance(60)
                one = account.sagemaker.describe_endpoint(EndpointName="embed-prod")["ProductionVariants"][0]
                found.append(one["CurrentInstanceCount"])
            return found

        scaling = account.client("application-autoscaling")
        which = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/embed-prod/variant/main"}
        before = scaling.describe_scaling_activities(**which)["ScalingActivities"]
        assert before
        moved = counts(20)
        assert len(set(moved)) > 1
        assert all(2 <= count <= 10 for count in moved)
        newest = scaling.describe_scaling_activities(**which)["ScalingActivities"][0]
        assert newest["StartTime"] > before[0]["StartTime"]
        scaling.register_scalable_target(
            **which,
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            SuspendedState={"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True},
        )
        counts(2)  # what was under way arrives
        assert len(set(counts(20))) == 1

    def test_an_update_ends_and_another_comes(self, account: Account) -> None:
        seen = []
        for _ in range(55):
            account.advance(60, tick=60)
            status = account.sagemaker.describe_endpoint(EndpointName="reranker-canary")["EndpointStatus"]
            if [status] != seen[-1:]:
                seen.append(status)
        assert seen == ["Updating", "InService", "Updating"]

    def test_each_instance_writes_a_log(self, account: Account) -> None:
        logs = account.client("logs")
        group = "/aws/sagemaker/Endpoints/tagger-stage"
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        assert all(re.fullmatch(r"main/i-[0-9a-f]{17}", stream["logStreamName"]) for stream in streams)
        messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        assert any(" 500 " in message for message in messages)
        assert "Traceback (most recent call last):" in messages

    def test_they_answer_except_the_one_that_fails(self, account: Account) -> None:
        from botocore.exceptions import ClientError

        runtime = account.client("sagemaker-runtime")
        assert b"predictions" in runtime.invoke_endpoint(EndpointName="ranker-prod", Body=b"{}")["Body"].read()
        with pytest.raises(ClientError) as error:
            runtime.invoke_endpoint(EndpointName="tagger-stage", Body=b"{}")
        assert error.value.response["Error"]["Code"] == "ModelError"
        assert error.value.response["OriginalStatusCode"] == 500


def what_is_seen(account: Account) -> Any:
    account.advance(120)
    resnet = account.job("resnet50")["TrainingJobName"]
    return (
        account.jobs(),
        [(event["timestamp"], event["message"]) for event in account.log(resnet, startTime=1_789_998_000_000)],
        account.curve(JOBS, "train:loss", TrainingJobName=resnet),
        account.curve("AWS/SageMaker", "ModelLatency", "p99", EndpointName="embed-prod", VariantName="main"),
    )


def test_a_seed_repeats_the_world_and_another_makes_another(client: Client, server: str) -> None:
    import urllib.request

    seen = []
    for seed in (5, 5, 6):
        urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
        seen.append(what_is_seen(Account(client, seed=seed)))
    assert seen[0] == seen[1]
    assert list(seen[0][0]) != list(seen[2][0])
    assert seen[0][2] != seen[2][2]
