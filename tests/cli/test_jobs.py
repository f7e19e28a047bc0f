"""`sagetop jobs` prints training jobs, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.cli.conftest import Ended, Sagetop
from tests.moto_server import Moto, ago, ms


def names(ended: Ended) -> list[str]:
    return [line.split()[0] for line in ended.lines[1:]]


def records(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.lines]


def summaries(start: int, count: int) -> list[dict[str, object]]:
    """What ListTrainingJobs says of jobs that are `start` and more minutes old."""
    return [
        {
            "TrainingJobName": f"job-{number:03}",
            "TrainingJobArn": f"arn:job-{number:03}",
            "TrainingJobStatus": "Completed",
            "CreationTime": ago(minutes=number).timestamp(),
        }
        for number in range(start, start + count)
    ]


class TestTable:
    def test_is_newest_first_with_status_age_and_instances(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("older", created=ago(hours=5), TrainingJobStatus="Failed", SecondaryStatus="Failed")
        moto.add_job(
            "newer",
            created=ago(minutes=41),
            TrainingJobStatus="InProgress",
            SecondaryStatus="Training",
            TrainingStartTime=ago(minutes=30),
            TrainingEndTime=None,
            ResourceConfig={"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1},
        )
        header, newer, older = sagetop("jobs", at=moto.url).lines
        assert header.split() == ["NAME", "STATUS", "PHASE", "AGE", "DURATION", "INSTANCES"]
        assert newer.split(maxsplit=5) == ["newer", "InProgress", "Training", "41m", "30m", "2 × ml.p4d.24xlarge"]
        assert older.split()[:3] == ["older", "Failed", "5h"]

    def test_of_no_jobs_says_so_and_is_no_failure(self, moto: Moto, sagetop: Sagetop) -> None:
        ended = sagetop("jobs", at=moto.url)
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == "sagetop: no such training jobs\n"

    def test_shows_all_of_a_long_name_in_a_pipe(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("n" * 63)
        assert names(sagetop("jobs", at=moto.url, COLUMNS="40")) == ["n" * 63]

    @pytest.mark.parametrize("columns", [40, 80, 100])
    def test_fits_the_terminal(self, moto: Moto, on_terminal: Callable[..., Ended], columns: int) -> None:
        moto.add_job("head-" + "n" * 50 + "-tail")
        ended = on_terminal("jobs", at=moto.url, columns=columns)
        assert ended.code == 0
        header, row = ended.out.splitlines()
        assert max(len(header), len(row)) <= columns
        assert "…" in row
        if columns >= 80:
            assert row.split()[0].startswith("head-")
            assert row.split()[0].endswith("-tail")
            assert row.endswith("1 × ml.m5.xlarge")


class TestWhich:
    def test_status_in_any_case(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("good")
        moto.add_job("bad", TrainingJobStatus="Failed")
        assert names(sagetop("jobs", "--status", "failed", at=moto.url)) == ["bad"]

    def test_name_contains(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("bert-1")
        moto.add_job("resnet-1")
        assert names(sagetop("jobs", "--name-contains", "net", at=moto.url)) == ["resnet-1"]

    def test_limit_is_100_unless_it_is_given(self, canned: Canned, sagetop: Sagetop) -> None:
        pages = [{"TrainingJobSummaries": summaries(number, 60), "NextToken": "more"} for number in (0, 60, 120)]
        canned.answers("ListTrainingJobs", *pages)
        canned.answers("Search", {"Results": []})
        canned.answers("DescribeTrainingJob", Fault("ResourceNotFound", "Requested resource not found."))
        assert len(names(sagetop("jobs", at=canned.url))) == 100
        assert canned.count("ListTrainingJobs") == 2
        canned.answers("ListTrainingJobs", *pages)
        assert names(sagetop("jobs", "--limit", "2", at=canned.url)) == ["job-000", "job-001"]
        assert canned.count("ListTrainingJobs") == 3

    def test_all_goes_on_through_empty_pages(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers(
            "ListTrainingJobs",
            {"TrainingJobSummaries": summaries(0, 90), "NextToken": "a"},
            {"TrainingJobSummaries": [], "NextToken": "b"},
            {"TrainingJobSummaries": summaries(90, 90)},
        )
        canned.answers("Search", {"Results": []})
        canned.answers("DescribeTrainingJob", Fault("ResourceNotFound", "Requested resource not found."))
        ended = sagetop("jobs", "--all", at=canned.url)
        assert names(ended) == [f"job-{number:03}" for number in range(180)]

    def test_all_and_limit_exclude_each_other(self, sagetop: Sagetop) -> None:
        assert "--all and --limit" in sagetop("jobs", "--all", "--limit", "3").failed(2)


class TestJson:
    def test_is_one_object_a_line_with_the_details(self, moto: Moto, sagetop: Sagetop) -> None:
        created, ended = ago(hours=2), ago(hours=1)
        moto.add_job(
            "done",
            created=created,
            TrainingJobStatus="Completed",
            SecondaryStatus="Completed",
            TrainingStartTime=created,
            TrainingEndTime=ended,
            ResourceConfig={"InstanceType": "ml.p3.2xlarge", "InstanceCount": 3, "VolumeSizeInGB": 50},
            FinalMetricDataList=[{"MetricName": "loss", "Value": 0.25, "Timestamp": ended}],
            HyperParameters={"lr": "1e-3"},
        )
        moto.add_job("other", created=ago(hours=3))
        done, other = records(sagetop("jobs", "--json", at=moto.url))
        assert other["name"] == "other"
        assert (
            done.items()
            >= {
                "type": "job",
                "name": "done",
                "status": "Completed",
                "secondary_status": "Completed",
                "instance_type": "ml.p3.2xlarge",
                "instance_count": 3,
                "volume_gb": 50,
                "failure_reason": None,
                "hyperparameters": {"lr": "1e-3"},
            }.items()
        )
        (metric,) = done["final_metrics"]
        assert (metric["name"], metric["value"]) == ("loss", 0.25)
        assert abs(metric["timestamp"] - ms(ended)) < 1000
        assert str(done["created"]).endswith("Z")
        assert abs(datetime.fromisoformat(str(done["created"]).replace("Z", "+00:00")) - created).total_seconds() < 1

    def test_keys_are_the_same_for_every_job(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("a")
        moto.add_job("b", TrainingJobStatus="InProgress", SecondaryStatus="Starting", TrainingStartTime=None)
        first, second = records(sagetop("jobs", "--json", at=moto.url))
        assert list(first) == list(second)
        assert all(key == key.lower() and key.isidentifier() for key in first)

    def test_what_is_no_number_in_json_is_a_word(self, moto: Moto, sagetop: Sagetop) -> None:
        values = [float("nan"), float("inf"), float("-inf")]
        moto.add_job(
            "diverged",
            FinalMetricDataList=[{"MetricName": "loss", "Value": value, "Timestamp": ago(hours=1)} for value in values],
        )
        (line,) = sagetop("jobs", "--json", at=moto.url).lines
        record = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        assert [metric["value"] for metric in record["final_metrics"]] == ["NaN", "Infinity", "-Infinity"]


class TestDetailsDenied:
    def test_still_lists_and_says_which_permission_is_missing(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers("ListTrainingJobs", {"TrainingJobSummaries": summaries(0, 2)})
        ended = sagetop("jobs", "--json", at=canned.url)
        assert "sagemaker:DescribeTrainingJob" in ended.failed(3)
        first, second = (json.loads(line) for line in ended.out.splitlines())
        assert (first["name"], first["status"], first["instance_type"]) == ("job-000", "Completed", None)
        assert second["name"] == "job-001"

    def test_search_alone_denied_is_no_failure(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers("ListTrainingJobs", {"TrainingJobSummaries": summaries(0, 1)})
        canned.answers(
            "DescribeTrainingJob",
            {**summaries(0, 1)[0], "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 4}},
        )
        (record,) = records(sagetop("jobs", "--json", at=canned.url))
        assert record["instance_count"] == 4
