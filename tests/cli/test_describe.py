"""`sagetop describe NAME` shows all that AWS says of a job or an endpoint."""

from __future__ import annotations

import json

from tests.canned import Canned, Fault
from tests.cli.conftest import Sagetop
from tests.moto_server import Moto, ago


def test_a_job_in_sections(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job(
        "broken",
        created=ago(hours=2),
        TrainingJobStatus="Failed",
        SecondaryStatus="Failed",
        FailureReason="AlgorithmError: exit code 1",
        HyperParameters={"lr": "1e-3", "epochs": "40"},
        FinalMetricDataList=[{"MetricName": "validation:loss", "Value": 1.198, "Timestamp": ago(hours=1)}],
    )
    text = "\n".join(sagetop("describe", "broken", at=moto.url).lines)
    assert text.startswith("training job broken\n")
    facts, *sections = text.split("\n\n")[1:]
    assert "  status       Failed\n" in facts
    assert "  failure      AlgorithmError: exit code 1\n" in facts
    assert "  instances    1 × ml.m5.xlarge\n" in facts
    assert "(2h ago)" in facts
    titles = [section.splitlines()[0] for section in sections]
    assert titles.index("phases") < titles.index("final metrics") < titles.index("hyperparameters")
    assert sections[titles.index("hyperparameters")].splitlines()[1:] == ["  epochs  40", "  lr      1e-3"]
    assert sections[titles.index("final metrics")].splitlines()[1].split()[:2] == ["validation:loss", "1.198"]


def test_an_endpoint_in_sections(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("ranker", created=ago(days=2))
    moto.add_scaling("ranker", low=2, high=8, target=70.0)
    text = "\n".join(sagetop("describe", "ranker", at=moto.url).lines)
    assert text.startswith("endpoint ranker\n")
    assert "\nvariant main\n" in text
    assert "  scaling " in text
    assert "2–8 on 70" in text
    assert "ml.m5.xlarge" in text


def test_json_is_the_record_that_the_lists_print(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("a-job")
    moto.add_endpoint("an-endpoint")
    moto.add_scaling("an-endpoint")
    assert sagetop("describe", "a-job", "--json", at=moto.url).lines == sagetop("jobs", "--json", at=moto.url).lines
    assert (
        sagetop("describe", "an-endpoint", "--json", at=moto.url).lines
        == sagetop("endpoints", "--json", at=moto.url).lines
    )


def test_a_name_that_is_both_needs_its_type(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("twin")
    moto.add_endpoint("twin")
    assert "--type job or --type endpoint" in sagetop("describe", "twin", at=moto.url).failed(2)
    for kind in ("job", "endpoint"):
        (line,) = sagetop("describe", "twin", "--type", kind, "--json", at=moto.url).lines
        assert json.loads(line)["type"] == kind


def test_no_such_name(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("other")
    for arguments, line in {
        ("nope",): "there is no training job and no endpoint nope: to list them: sagetop jobs and sagetop endpoints",
        ("nope", "--type", "job"): "there is no training job nope: to list them: sagetop jobs",
        ("other", "--type", "endpoint"): "there is no endpoint other: to list them: sagetop endpoints",
    }.items():
        assert sagetop("describe", *arguments, at=moto.url).failed(4) == line


def test_what_could_not_be_asked_is_not_taken_for_absent(canned: Canned, sagetop: Sagetop) -> None:
    canned.answers("DescribeTrainingJob", Fault("ResourceNotFound", "Requested resource not found."))
    assert "sagemaker:DescribeEndpoint" in sagetop("describe", "name", at=canned.url).failed(3)


def test_a_job_is_shown_where_endpoints_are_denied(canned: Canned, sagetop: Sagetop) -> None:
    canned.answers(
        "DescribeTrainingJob",
        {"TrainingJobName": "mine", "TrainingJobStatus": "Completed", "CreationTime": ago(hours=1).timestamp()},
    )
    (line,) = sagetop("describe", "mine", "--json", at=canned.url).lines
    assert json.loads(line)["name"] == "mine"


def test_scaling_that_is_denied_is_named_and_the_rest_is_printed(canned: Canned, sagetop: Sagetop) -> None:
    created = ago(hours=1).timestamp()
    canned.answers("DescribeTrainingJob", Fault("ResourceNotFound", "Requested resource not found."))
    canned.answers(
        "DescribeEndpoint",
        {
            "EndpointName": "e",
            "EndpointArn": "arn",
            "EndpointConfigName": "c",
            "EndpointStatus": "InService",
            "CreationTime": created,
            "LastModifiedTime": created,
            "ProductionVariants": [{"VariantName": "v", "CurrentInstanceCount": 1, "DesiredInstanceCount": 1}],
        },
    )
    canned.answers(
        "DescribeEndpointConfig",
        {"EndpointConfigName": "c", "EndpointConfigArn": "arn", "CreationTime": created, "ProductionVariants": []},
    )
    ended = sagetop("describe", "e", at=canned.url)
    assert "application-autoscaling:DescribeScalableTargets" in ended.failed(3)
    assert "variant v" in ended.out
    assert "scaling" not in ended.out
