"""`sagetop metrics`: every datapoint from every source, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Sagetop
from tests.faults import FaultProxy, Faults
from tests.moto_server import Moto, ago, ms

NAMESPACE = "/aws/sagemaker/TrainingJobs"
AT = ms(ago(days=2)) // 60_000 * 60_000
"""When what is logged and measured here begins."""


def job(moto: Moto, name: str = "job", *, definitions: bool = True, **fields: Any) -> None:
    """A job of two hosts that ended long ago."""
    begun = ago(days=2, minutes=30)
    metrics = [{"Name": "loss", "Regex": r"loss=(\S+)"}, {"Name": "acc", "Regex": "acc=([0-9.]+)"}]
    moto.add_job(
        name,
        created=begun,
        **{
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "TrainingStartTime": begun,
            "TrainingEndTime": begun + timedelta(hours=2),
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "AlgorithmSpecification": {
                "TrainingImage": "image",
                "TrainingInputMode": "File",
                **({"MetricDefinitions": metrics} if definitions else {}),
            },
            **fields,
        },
    )


@pytest.fixture
def measured(moto: Moto) -> Moto:
    """A job whose log tells its loss, CloudWatch its accuracy and the use of its host."""
    job(moto)
    lines = ["step 10 loss=0.5", "no metric", "step 20 loss=nan", "step 30 loss=-inf"]
    moto.add_log("job/algo-1-1", [(AT + n, line) for n, line in enumerate(lines)])
    moto.add_metric(NAMESPACE, "loss", {"TrainingJobName": "job"}, [(AT, 9.0)])
    moto.add_metric(NAMESPACE, "acc", {"TrainingJobName": "job"}, [(AT, 0.25), (AT + 60_000, 0.75)])
    moto.add_metric(NAMESPACE, "CPUUtilization", {"Host": "job/algo-1"}, [(AT, 50.0)])
    return moto


def test_json_is_a_datapoint_a_line(measured: Moto, sagetop: Sagetop) -> None:
    records = [json.loads(line) for line in sagetop("metrics", "job", "--json", at=measured.url).lines]
    log = {"name": "loss", "source": "log", "host": None}
    cloud = {"name": "acc", "source": "cloudwatch", "host": None, "step": None}
    assert records == [
        {**log, "timestamp": AT, "step": 10, "value": 0.5},
        {**log, "timestamp": AT + 2, "step": 20, "value": "NaN"},
        {**log, "timestamp": AT + 3, "step": 30, "value": "-Infinity"},
        {**cloud, "timestamp": AT, "value": 0.25},
        {**cloud, "timestamp": AT + 60_000, "value": 0.75},
        {
            "name": "CPUUtilization",
            "source": "cloudwatch",
            "host": "algo-1",
            "timestamp": AT,
            "step": None,
            "value": 50.0,
        },
    ]


def test_csv_has_the_same_below_a_header(measured: Moto, sagetop: Sagetop) -> None:
    done = sagetop("metrics", "job", "--csv", "--name", "loss", "--name", "CPU*", at=measured.url)
    assert (done.code, done.err) == (0, "")
    rows = list(csv.reader(io.StringIO(done.out)))
    assert rows[0] == ["name", "source", "host", "timestamp", "step", "value"]
    assert rows[1:] == [
        ["loss", "log", "", str(AT), "10", "0.5"],
        ["loss", "log", "", str(AT + 2), "20", "NaN"],
        ["loss", "log", "", str(AT + 3), "30", "-Infinity"],
        ["CPUUtilization", "cloudwatch", "algo-1", str(AT), "", "50.0"],
    ]


def test_the_table_says_what_there_is(measured: Moto, sagetop: Sagetop) -> None:
    head, loss, acc, cpu = sagetop("metrics", "job", at=measured.url).lines
    assert head.split() == ["NAME", "SOURCE", "HOST", "POINTS", "FROM", "TO", "LEAST", "GREATEST", "LATEST"]
    assert (loss.split()[:3], loss.split()[-3:]) == (["loss", "log", "3"], ["0.5", "0.5", "-inf"])
    assert (acc.split()[:3], acc.split()[-3:]) == (["acc", "cloudwatch", "2"], ["0.25", "0.75", "0.75"])
    assert cpu.split()[:4] == ["CPUUtilization", "cloudwatch", "algo-1", "1"]


def test_since_leaves_out_what_is_older(measured: Moto, sagetop: Sagetop) -> None:
    since = datetime.fromtimestamp((AT + 3) / 1000, timezone.utc).isoformat()
    lines = sagetop("metrics", "job", "--json", "--since", since, at=measured.url).lines
    assert [(json.loads(line)["name"], json.loads(line)["timestamp"]) for line in lines] == [
        ("loss", AT + 3),
        ("acc", AT + 60_000),
    ]
    again = sagetop("metrics", "job", "--json", "--name", "loss", at=measured.url).lines
    assert len(again) == 3  # what was left out is not forgotten


def test_without_definitions_metrics_are_recognised(moto: Moto, sagetop: Sagetop) -> None:
    job(moto, definitions=False)
    moto.add_log("job/algo-1-1", [(AT, "{'loss': 0.5, 'epoch': 1.0}")])
    (line,) = sagetop("metrics", "job", "--json", at=moto.url).lines
    assert json.loads(line) == {
        "name": "loss",
        "source": "log",
        "host": None,
        "timestamp": AT,
        "step": None,
        "value": 0.5,
    }


def test_kept_definitions_count(moto: Moto, sagetop: Sagetop, tmp_path: Path) -> None:
    job(moto)
    moto.add_log("job/algo-1-1", [(AT, "speed 12.5")])
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "metrics.json").write_text(json.dumps({"jo*": [{"Name": "speed", "Regex": "speed ([0-9.]+)"}]}))
    done = sagetop("metrics", "job", "--json", at=moto.url, SAGETOP_CONFIG=str(tmp_path / "config.toml"))
    assert [json.loads(line)["value"] for line in done.lines] == [12.5]


def test_final_values_where_nothing_else_is_left(moto: Moto, sagetop: Sagetop) -> None:
    end = ago(days=2)
    job(moto, FinalMetricDataList=[{"MetricName": "loss", "Value": 0.125, "Timestamp": end}])
    (line,) = sagetop("metrics", "job", "--json", at=moto.url).lines
    assert (json.loads(line)["source"], json.loads(line)["value"]) == ("final", 0.125)
    assert json.loads(line)["timestamp"] == pytest.approx(ms(end), abs=1000)


def test_a_definition_that_cannot_be_used_is_said_on_stderr(moto: Moto, sagetop: Sagetop) -> None:
    wrong = {"TrainingImage": "image", "MetricDefinitions": [{"Name": "loss", "Regex": "loss=.*"}]}
    job(moto, AlgorithmSpecification=wrong)
    done = sagetop("metrics", "job", "--json", at=moto.url)
    assert (done.code, done.out) == (0, "")
    assert "loss: it has no parentheses" in done.err


class TestWhatGoesWrong:
    def test_a_name_that_there_is_not(self, measured: Moto, sagetop: Sagetop) -> None:
        line = sagetop("metrics", "job", "--name", "lossy", at=measured.url).failed(2)
        assert line.startswith("there is no metric lossy: there are loss, acc, ")

    def test_a_job_that_there_is_not(self, moto: Moto, sagetop: Sagetop) -> None:
        line = sagetop("metrics", "nosuch", at=moto.url).failed(4)
        assert line == "there is no training job nosuch: to list them: sagetop jobs"

    def test_two_forms_at_once(self, moto: Moto, sagetop: Sagetop) -> None:
        assert "exclude" in sagetop("metrics", "job", "--csv", "--json", at=moto.url).failed(2)

    def test_where_cloudwatch_is_denied_the_log_is_printed_all_the_same(self, measured: Moto, sagetop: Sagetop) -> None:
        with FaultProxy(measured.url, Faults(denied={"GetMetricData"})) as proxy:
            done = sagetop("metrics", "job", "--json", at=proxy.url)
        assert done.code == 3
        assert [json.loads(line)["name"] for line in done.out.splitlines()] == ["loss"] * 3
        assert "GetMetricData is denied" in done.err

    def test_where_the_log_is_denied_cloudwatch_is_printed_all_the_same(self, measured: Moto, sagetop: Sagetop) -> None:
        with FaultProxy(measured.url, Faults(denied={"DescribeLogStreams", "GetLogEvents"})) as proxy:
            done = sagetop("metrics", "job", "--json", "--name", "loss", at=proxy.url)
        assert done.code == 3
        assert [json.loads(line)["source"] for line in done.out.splitlines()] == ["cloudwatch"]
        assert "logs:" in done.err
