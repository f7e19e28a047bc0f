"""`sagetop describe NAME` shows all that AWS says of a job or an endpoint."""

from __future__ import annotations

import json
import re

from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.cli.conftest import Sagetop
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms
from tui.demo.gaps_alarms import put_alarm
from tui.demo.gaps_components import put_component


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
    put_ranker(moto)
    text = "\n".join(sagetop("describe", "ranker", at=moto.url).lines)
    assert text.startswith("endpoint ranker\n\n  status    InService\n")
    _, variant = text.split("\nvariant main\n")
    facts = [tuple(re.split(" {2,}", line.strip(), maxsplit=1)) for line in variant.splitlines()]
    for fact in (
        ("latency", "average 2.5, p50 2.5, p90 2.5, p99 2.5 ms"),
        ("errors", "4XX 0, 5XX 25%"),
        ("instances", "2 × ml.m5.xlarge"),
        ("auto-scaling", "InstanceCount 2 – 8"),
        ("suspended", "no"),
    ):
        assert fact in facts
    assert "\nalarms\n  too-many-5xx  OK" in text


def put_ranker(moto: Moto) -> None:
    """An endpoint with traffic, scaling and an alarm."""
    moto.add_endpoint("ranker", created=ago(days=2), EndpointStatus="InService")
    moto.add_scaling("ranker", low=2, high=8, target=70.0)
    where = {"EndpointName": "ranker", "VariantName": "main"}
    metrics = {"Invocations": 40.0, "ModelLatency": 2500.0, "Invocation4XXErrors": 0.0, "Invocation5XXErrors": 10.0}
    for metric, value in metrics.items():
        moto.add_metric("AWS/SageMaker", metric, where, [(ms(ago(minutes=5)), value)])
    moto.add_metric("/aws/sagemaker/Endpoints", "CPUUtilization", where, [(ms(ago(minutes=5)), 130.0)])
    put_alarm(cloudwatch_backends[ACCOUNT][REGION], "too-many-5xx", "Invocation5XXErrors", where, 5.0)


def test_a_jobs_json_is_the_record_that_the_list_prints(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("a-job")
    assert sagetop("describe", "a-job", "--json", at=moto.url).lines == sagetop("jobs", "--json", at=moto.url).lines


def test_an_endpoints_json_is_the_lists_with_its_traffic_and_what_stands_beside_it(
    moto: Moto, sagetop: Sagetop
) -> None:
    put_ranker(moto)
    (line,) = sagetop("describe", "ranker", "--json", at=moto.url).lines
    (listed,) = sagetop("endpoints", "--json", at=moto.url).lines
    record, short = json.loads(line), json.loads(listed)
    (variant,), (listed_variant,) = record.pop("variants"), short.pop("variants")
    assert short.items() <= record.items()
    assert set(record) - set(short) == {"components", "alarms", "scaling_activities", "findings", "not_shown"}
    assert [(one["name"], one["variant"], one["state"]) for one in record["alarms"]] == [("too-many-5xx", "main", "OK")]
    assert record["not_shown"] == {}
    assert set(variant) - set(listed_variant) == {"model_data", "traffic", "use_percent"}
    assert {key: variant[key] for key in listed_variant} == listed_variant
    traffic = variant["traffic"]
    assert (traffic["requests_per_minute"], traffic["requests_per_copy"]) == (40.0, None)
    assert traffic["latency_ms"] == {"average": 2.5, "p50": 2.5, "p90": 2.5, "p99": 2.5}
    assert traffic["errors_percent"] == {"4xx": 0.0, "5xx": 25.0, "model": 0.0}
    assert variant["use_percent"]["cpu"] == 130.0


def test_the_components_of_an_endpoint_have_traffic_of_their_own(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("shared")
    backend = sagemaker_backends[ACCOUNT][REGION]
    for variant in backend.endpoint_configs["shared-config"].production_variants:
        variant.pop("ModelName")
    put_component(backend, "chat", "shared", "main", "chat-7b", 2, ago(hours=1))
    where, at = {"InferenceComponentName": "chat"}, ms(ago(minutes=5))
    moto.add_metric("AWS/SageMaker", "Invocations", where, [(at, 8.0)])
    moto.add_metric("/aws/sagemaker/InferenceComponents", "GPUUtilizationNormalized", where, [(at, 62.0)])
    (line,) = sagetop("describe", "shared", "--json", at=moto.url).lines
    (component,) = json.loads(line)["components"]
    assert (component["name"], component["variant"], component["current_copies"]) == ("chat", "main", 2)
    assert (component["traffic"]["requests_per_minute"], component["use_percent"]["gpu"]) == (8.0, 62.0)
    text = sagetop("describe", "shared", at=moto.url).out
    assert "\ninference component chat\n  requests  8 a minute\n  use       GPU 62%\n" in text


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
    canned.answers("GetMetricData", {"MetricDataResults": []})
    ended = sagetop("describe", "e", at=canned.url)
    assert "application-autoscaling:DescribeScalableTargets" in ended.failed(3)
    assert "variant v" in ended.out
    assert "scaling" not in ended.out
