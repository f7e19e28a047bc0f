"""Endpoints: ListEndpoints, DescribeEndpoint, and the configs behind them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tui.model.endpoints import Endpoint, EndpointQuery, InferenceComponent, ProductionVariant, Serverless
from tui.model.models import Model
from tui.sources.aws.clients import Clients
from tui.sources.aws.searching import any_of
from tui.sources.aws.timestamps import utc, utc_or_none
from tui.sources.base import Denied, NotFound, Page

PAGE = 100
"""Endpoints on a page of ListEndpoints; AWS allows no more."""

Json = Mapping[str, Any]


def list_endpoints(clients: Clients, query: EndpointQuery, cursor: str | None = None) -> Page[Endpoint]:
    """One page of ListEndpoints, newest first: names, status and times only."""
    parameters: dict[str, object] = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": PAGE}
    if query.status:
        parameters["StatusEquals"] = query.status
    if query.name_contains:
        parameters["NameContains"] = query.name_contains
    if cursor:
        parameters["NextToken"] = cursor
    answer = clients.call("sagemaker", "ListEndpoints", **parameters)
    endpoints = tuple(
        Endpoint(
            name=endpoint["EndpointName"],
            status=endpoint["EndpointStatus"],
            created=utc(endpoint["CreationTime"]),
            modified=utc(endpoint["LastModifiedTime"]),
            arn=endpoint.get("EndpointArn", ""),
        )
        for endpoint in answer.get("Endpoints", ())
    )
    return Page(endpoints, answer.get("NextToken") or None)


def describe_endpoint(clients: Clients, name: str) -> Endpoint:
    """DescribeEndpoint, and DescribeEndpointConfig the first time a config is met.

    Without the permission for configs the endpoint comes without its instance types and models.

    Raises:
        NotFound: There is no such endpoint.
    """
    answer = clients.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    endpoint = parse_endpoint(answer, _config(clients, answer.get("EndpointConfigName", "")))
    clients.learnt.variants[name] = tuple(variant.name for variant in endpoint.variants)
    return endpoint


def _config(clients: Clients, name: str) -> Json:
    permission = "sagemaker:DescribeEndpointConfig"
    learnt = clients.learnt
    if not name or permission in learnt.denied:
        return {}
    # Endpoints are described side by side, and several may have one config.
    with learnt.asking.setdefault(name, threading.Lock()):
        if name not in learnt.configs:
            try:
                learnt.configs[name] = clients.call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=name)
            except NotFound:
                learnt.configs[name] = {}  # deleted while its endpoint lives on
            except Denied:
                learnt.denied.add(permission)
                return {}
    return learnt.configs[name]


def describe_endpoints(clients: Clients, names: Sequence[str]) -> tuple[Endpoint, ...]:
    """The endpoints of these names as Search knows them, by one request for every hundred; it knows some late or never.

    A config is asked for only where the endpoint was described before: without it there is no instance type yet.

    Raises:
        Denied: Search is not allowed.
    """
    found: dict[str, Endpoint] = {}
    for start in range(0, len(names), PAGE):
        wanted = names[start : start + PAGE]
        parameters: dict[str, object] = {
            "Resource": "Endpoint",
            "SearchExpression": any_of("EndpointName", wanted),
            "MaxResults": PAGE,
        }
        while True:
            answer = clients.call("sagemaker", "Search", **parameters)
            for record in answer.get("Results", ()):
                one = record.get("Endpoint") or {}
                if one.get("EndpointName") in wanted:
                    config = clients.learnt.configs.get(one.get("EndpointConfigName", ""), {})
                    found[one["EndpointName"]] = parse_endpoint(one, config)
            if not answer.get("NextToken"):
                break
            parameters["NextToken"] = answer["NextToken"]
    return tuple(found[name] for name in names if name in found)


def models(clients: Clients, names: Sequence[str]) -> dict[str, str]:
    """Where the data of these models lies, by DescribeModel, each once: a model never changes. Empty where nowhere.

    Raises:
        Denied: It is not allowed.
    """
    for name in dict.fromkeys(names):
        if name and name not in clients.learnt.models:
            try:
                answer = clients.call("sagemaker", "DescribeModel", ModelName=name)
            except NotFound:
                answer = {}
            clients.learnt.models[name] = _data_of(answer)
    return {name: clients.learnt.models.get(name, "") for name in names}


def list_models(clients: Clients, name_contains: str = "", cursor: str | None = None) -> Page[Model]:
    """One page of ListModels, a hundred at most, newest first: summaries."""
    more: dict[str, Any] = {"NameContains": name_contains} if name_contains else {}
    if cursor is not None:
        more["NextToken"] = cursor
    answer = clients.call(
        "sagemaker", "ListModels", SortBy="CreationTime", SortOrder="Descending", MaxResults=100, **more
    )
    # AWS has left out the others; what stands in for AWS may not.
    found = (item for item in answer.get("Models", ()) if name_contains in item["ModelName"])
    models = (Model(item["ModelName"], utc(item["CreationTime"]), item.get("ModelArn", "")) for item in found)
    return Page(tuple(models), answer.get("NextToken"))


def describe_model(clients: Clients, name: str) -> Model:
    """DescribeModel. Raises NotFound."""
    answer = clients.call("sagemaker", "DescribeModel", ModelName=name)
    containers = [answer.get("PrimaryContainer") or {}, *(answer.get("Containers") or ())]
    images = [container.get("Image") or container.get("ModelPackageName", "") for container in containers]
    return Model(
        name,
        utc(answer["CreationTime"]),
        answer.get("ModelArn", ""),
        detailed=True,
        image=", ".join(image for image in images if image),
        data=_data_of(answer),
        role=answer.get("ExecutionRoleArn", ""),
    )


def _data_of(model: Json) -> str:
    containers = [model.get("PrimaryContainer") or {}, *(model.get("Containers") or ())]
    urls = []
    for container in containers:
        source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        urls.append(container.get("ModelDataUrl") or source.get("S3Uri") or container.get("ModelPackageName", ""))
    return ", ".join(url for url in urls if url)


def components(clients: Clients, endpoint: str) -> tuple[InferenceComponent, ...]:
    """The inference components on an endpoint: ListInferenceComponents, and DescribeInferenceComponent for each."""
    parameters: dict[str, object] = {"EndpointNameEquals": endpoint, "MaxResults": PAGE}
    found: list[InferenceComponent] = []
    while True:
        answer = clients.call("sagemaker", "ListInferenceComponents", **parameters)
        for listed in answer.get("InferenceComponents", ()):
            try:
                one = clients.call(
                    "sagemaker", "DescribeInferenceComponent", InferenceComponentName=listed["InferenceComponentName"]
                )
            except NotFound:
                continue  # deleted between the two questions
            found.append(_component(one))
        if not answer.get("NextToken"):
            found.sort(key=lambda component: (component.variant, component.name))
            clients.learnt.components[endpoint] = tuple(component.name for component in found)
            return tuple(found)
        parameters["NextToken"] = answer["NextToken"]


def _component(one: Json) -> InferenceComponent:
    specification: Json = one.get("Specification") or next(iter(one.get("Specifications") or ()), {})
    copies: Json = one.get("RuntimeConfig") or {}
    return InferenceComponent(
        name=one["InferenceComponentName"],
        variant=one.get("VariantName", ""),
        status=one.get("InferenceComponentStatus", ""),
        created=utc(one["CreationTime"]),
        modified=utc(one["LastModifiedTime"]),
        model=specification.get("ModelName", ""),
        model_data=(specification.get("Container") or {}).get("ArtifactUrl", ""),
        current_copies=copies.get("CurrentCopyCount"),
        desired_copies=copies.get("DesiredCopyCount"),
        failure_reason=one.get("FailureReason", ""),
    )


def parse_endpoint(endpoint: Json, config: Json) -> Endpoint:
    """An Endpoint of what DescribeEndpoint and DescribeEndpointConfig say of it."""
    variants = [
        _variant(summary, config.get(kind) or (), shadow=shadow)
        for kind, shadow in (("ProductionVariants", False), ("ShadowProductionVariants", True))
        for summary in endpoint.get(kind) or ()
    ]
    return Endpoint(
        name=endpoint["EndpointName"],
        status=endpoint["EndpointStatus"],
        created=utc(endpoint["CreationTime"]),
        modified=utc(endpoint["LastModifiedTime"]),
        arn=endpoint.get("EndpointArn", ""),
        detailed=True,
        config=endpoint.get("EndpointConfigName", ""),
        failure_reason=endpoint.get("FailureReason", ""),
        deployment=_deployment(endpoint.get("PendingDeploymentSummary")),
        deploying_since=utc_or_none((endpoint.get("PendingDeploymentSummary") or {}).get("StartTime")),
        variants=tuple(variants),
    )


def _variant(summary: Json, configured: Any, *, shadow: bool) -> ProductionVariant:
    """One variant; its instance type and model are in the config only."""
    name = summary["VariantName"]
    config: Json = next((variant for variant in configured if variant.get("VariantName") == name), {})
    serverless = (
        summary.get("CurrentServerlessConfig")
        or summary.get("DesiredServerlessConfig")
        or config.get("ServerlessConfig")
    )
    status: Json = (summary.get("VariantStatus") or [{}])[-1]
    pools = summary.get("InstancePools") or config.get("InstancePools") or ()
    return ProductionVariant(
        name=name,
        instance_type=config.get("InstanceType") or " + ".join(pool.get("InstanceType", "") for pool in pools),
        current_instances=None if serverless else summary.get("CurrentInstanceCount"),
        desired_instances=None if serverless else summary.get("DesiredInstanceCount"),
        current_weight=summary.get("CurrentWeight"),
        desired_weight=summary.get("DesiredWeight"),
        status=status.get("Status", ""),
        status_message=status.get("StatusMessage", ""),
        status_since=utc_or_none(status.get("StartTime")),
        model=config.get("ModelName", ""),
        shadow=shadow,
        serverless=Serverless(
            memory_mb=serverless.get("MemorySizeInMB", 0),
            max_concurrency=serverless.get("MaxConcurrency", 0),
            provisioned_concurrency=serverless.get("ProvisionedConcurrency"),
        )
        if serverless
        else None,
    )


def _deployment(pending: Json | None) -> str:
    """A deployment under way, in a line: `to ranker-v13: main 0→2 ActivatingTraffic`."""
    if not pending:
        return ""
    parts = []
    for variant in (*(pending.get("ProductionVariants") or ()), *(pending.get("ShadowProductionVariants") or ())):
        words = [variant["VariantName"]]
        if variant.get("DesiredInstanceCount") is not None:
            words.append(f"{variant.get('CurrentInstanceCount', 0)}→{variant['DesiredInstanceCount']}")
        words += [status["Status"] for status in (variant.get("VariantStatus") or ())[-1:]]
        parts.append(" ".join(words))
    target = f"to {pending.get('EndpointConfigName', '')}"
    return f"{target}: {', '.join(parts)}" if parts else target
