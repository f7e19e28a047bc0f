"""Endpoints in moto: their past, and how they go on; the scaling of those that scale."""

from __future__ import annotations

import functools
import math
from typing import Any

from tui.demo import put
from tui.demo.alarms import put_alarms
from tui.demo.endpoints import (
    HISTORY_S,
    LOG_HISTORY_S,
    EndpointPlan,
    Samples,
    Variant,
    access_log,
    component_traffic,
    component_use,
    metric_names,
    traffic,
    use,
)
from tui.demo.gaps_components import put_component
from tui.demo.gaps_invoke import FAILING
from tui.demo.gaps_logs import drop_oldest, new_event, set_history
from tui.demo.gaps_metrics import Points, key_of
from tui.demo.gaps_sagemaker import set_fields
from tui.demo.jobs import When, moment
from tui.demo.launch import ACCOUNT, REGION
from tui.demo.scaler import Scaler, instances_before

KEPT_EVENTS = 20_000
LINES_A_TICK = 8
UPDATING_S, IN_SERVICE_S = 900.0, 1800.0
STAGES = ((300.0, "Creating"), (420.0, "ActivatingTraffic"), (UPDATING_S, "Baking"))
"""Until when, from its beginning, a deployment is in which stage."""


class LiveEndpoint:
    """An endpoint, its variants and their traffic."""

    def __init__(self, plan: EndpointPlan, seed: int, when: When) -> None:
        self.plan = plan
        self._seed = seed
        self._when = when
        self._stage = ""
        self._scalers = [Scaler(variant, seed, when) for variant in plan.variants if variant.wave]
        created = moment(when(-plan.age_s))
        shadows = [_configured(plan, plan.shadow)] if plan.shadow else []
        self._endpoint = put.endpoint(
            {
                "EndpointName": plan.name,
                "EndpointConfigName": f"{plan.name}-1",
                "EndpointStatus": "InService",
                "ProductionVariants": [_summary(plan, variant, seed) for variant in plan.variants],
                **({"ShadowProductionVariants": [_summary(plan, plan.shadow, seed)]} if plan.shadow else {}),
                "CreationTime": created,
                "LastModifiedTime": created,
                "Tags": [{"Key": "team", "Value": "search"}],
            },
            [_configured(plan, variant) for variant in plan.variants],
            shadows,
        )
        for variant in plan.all_variants:
            if variant.model:
                put.model(
                    variant.model, f"s3://sagemaker-{REGION}-{ACCOUNT}/{variant.model}/output/model.tar.gz", created
                )
        for name, copies in plan.components:
            put.model(name, f"s3://sagemaker-{REGION}-{ACCOUNT}/{name}/model/", created)
            put_component(put.sagemaker(), name, plan.name, plan.variants[0].name, name, copies, created)
        put_alarms(plan, when)
        for scaler in self._scalers:
            scaler.register()
        if plan.name == "ranker-prod":
            _suspended_target(plan.variants[0], when)
        if any(variant.failing > 0.1 for variant in plan.variants):
            FAILING.add(plan.name)
        if plan.updating:
            configured = [_configured(plan, variant) for variant in plan.variants]
            put.endpoint_config(f"{plan.name}-2", configured, shadows, created)
            self._update(0.0)
        for variant in plan.all_variants:
            self._write_past(variant)
        for component in plan.served:
            self._write_past_of_component(component)

    def advance(self, after: float, until: float) -> None:
        """What happens in (after, until] of simulated time."""
        for minute in range(math.floor(after / 60) + 1, math.floor(until / 60) + 1):
            for variant in self.plan.all_variants:
                self._measure(variant, minute)
            for component in self.plan.served:
                self._measure_component(component, minute)
            for scaler in self._scalers:
                scaler.decide(minute, self._endpoint)
        for scaler in self._scalers:
            scaler.settle(until, self._endpoint)
        for variant in self.plan.all_variants:
            for number in range(self._instances(variant)):
                self._log(variant, number, after, until, self._stream(variant, number))
        for component in self.plan.served:
            self._log(component, 0, after, until, self._component_stream(component))
        if self.plan.updating:
            self._update(until)

    def _instances(self, variant: Variant) -> int:
        shadows = getattr(self._endpoint, "shadow_production_variants", ())
        for shown in (*self._endpoint.production_variants, *shadows):
            if shown["VariantName"] == variant.name:
                return int(shown.get("CurrentInstanceCount", 1))
        return 1

    def _measure(self, variant: Variant, minute: int) -> None:
        count = self._instances(variant)
        dimensions = {"EndpointName": variant.endpoint, "VariantName": variant.name}
        self._put("AWS/SageMaker", dimensions, minute, traffic(variant, minute, self._seed, count))
        self._put("/aws/sagemaker/Endpoints", dimensions, minute, use(variant, minute, self._seed, count))

    def _measure_component(self, component: Variant, minute: int) -> None:
        dimensions = {"InferenceComponentName": component.name}
        self._put("AWS/SageMaker", dimensions, minute, component_traffic(component, minute, self._seed))
        self._put(
            "/aws/sagemaker/InferenceComponents", dimensions, minute, component_use(component, minute, self._seed)
        )

    def _put(self, namespace: str, dimensions: dict[str, str], minute: int, measured: dict[str, Samples]) -> None:
        for name, samples in measured.items():
            points = put.metrics().points(namespace, name, dimensions)
            for value, times in samples:
                points.add(self._when(minute * 60), value, times)

    def _log(self, variant: Variant, number: int, after: float, until: float, stream: Any) -> None:
        lines = list(access_log(variant, number, after, until))[-LINES_A_TICK:]
        if lines:
            for at, line in lines:
                put.log_event(stream, self._when(at), self._when(until), line)
            drop_oldest(stream, KEPT_EVENTS)

    def _stream(self, variant: Variant, number: int) -> Any:
        group = f"/aws/sagemaker/Endpoints/{variant.endpoint}"
        return put.log_stream(group, f"{variant.name}/{variant.instance_id(number)}", self._when(-LOG_HISTORY_S))

    def _write_past(self, variant: Variant) -> None:
        seed, when = self._seed, self._when
        minutes = range(-int(min(HISTORY_S, self.plan.age_s) // 60), 1)
        metrics = put.metrics().metrics
        dimensions = {"EndpointName": variant.endpoint, "VariantName": variant.name}

        @functools.cache
        def served() -> list[tuple[float, dict[str, list[tuple[float, float]]]]]:
            counts = instances_before(variant, seed, minutes)
            return [
                (when(minute * 60), {**traffic(variant, minute, seed, count), **use(variant, minute, seed, count)})
                for minute, count in zip(minutes, counts, strict=True)
            ]

        def history(name: str) -> list[tuple[float, float, float]]:
            return [(at, value, times) for at, row in served() for value, times in row.get(name, ())]

        for namespace, name in metric_names(variant):
            metrics[key_of(namespace, name, dimensions)] = Points(functools.partial(history, name))
        for number in range(self._instances(variant)):
            set_history(self._stream(variant, number), functools.partial(_past_lines, variant, number, when))

    def _write_past_of_component(self, component: Variant) -> None:
        """Three hours, which is what is looked at; its log is that of its first copy."""
        for minute in range(-180, 1):
            self._measure_component(component, minute)
        stream = self._component_stream(component)
        set_history(stream, functools.partial(_past_lines, component, 0, self._when))

    def _component_stream(self, component: Variant) -> Any:
        group = f"/aws/sagemaker/InferenceComponents/{component.name}"
        name = f"{self.plan.variants[0].name}/{component.instance_id(0)}"
        return put.log_stream(group, name, self._when(-LOG_HISTORY_S))

    def _update(self, t: float) -> None:
        """A deployment that comes again: under way for a while, then in service for twice as long."""
        within = t % (UPDATING_S + IN_SERVICE_S)
        status = "Updating" if within < UPDATING_S else "InService"
        stage = next((name for until, name in STAGES if within < until), "")
        if t > 0 and (status, stage) == (self._endpoint.endpoint_status, self._stage):
            return
        self._stage = stage
        began = moment(self._when(t - within))
        now = moment(self._when(t))
        pending = {
            "EndpointConfigName": f"{self.plan.name}-2",
            "ProductionVariants": [
                {
                    "VariantName": variant.name,
                    "CurrentInstanceCount": 1,
                    "DesiredInstanceCount": variant.count,
                    "VariantStatus": [{"Status": stage, "StartTime": now}],
                }
                for variant in self.plan.variants
            ],
            "StartTime": began,
        }
        fields = {"EndpointStatus": status, "LastModifiedTime": now}
        set_fields(self._endpoint, {**fields, "PendingDeploymentSummary": pending if status == "Updating" else None})


def _past_lines(variant: Variant, number: int, when: When) -> list[Any]:
    return [
        new_event(int(when(at) * 1000), line, int(when(at) * 1000) + 400)
        for at, line in access_log(variant, number, -LOG_HISTORY_S, 0.0)
    ]


def _summary(plan: EndpointPlan, variant: Variant, seed: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"VariantName": variant.name}
    if plan.serverless:
        return {**shown, "CurrentServerlessConfig": plan.serverless, "DesiredServerlessConfig": plan.serverless}
    image = f"763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:{variant.model}"
    count = instances_before(variant, seed, range(0, 1))[0]
    return {
        **shown,
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }


def _configured(plan: EndpointPlan, variant: Variant) -> dict[str, Any]:
    shown: dict[str, Any] = {"VariantName": variant.name, **({"ModelName": variant.model} if variant.model else {})}
    if plan.serverless:
        return {**shown, "ServerlessConfig": plan.serverless}
    return {
        **shown,
        "InstanceType": variant.instance,
        "InitialInstanceCount": variant.count,
        "InitialVariantWeight": variant.weight,
    }


def _suspended_target(variant: Variant, when: When) -> None:
    """Auto-scaling that someone switched off nine days ago and forgot."""
    from tui.demo.scaler import register_target

    register_target(variant, 2, 8, 6_000.0, when(-9 * 86_400), suspended=True)
