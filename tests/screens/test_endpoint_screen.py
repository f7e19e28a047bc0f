"""The screen of one endpoint: its traffic, its log, what its instances use, and what scales it."""

from __future__ import annotations

import re

from moto.sagemaker.models import sagemaker_backends

from tests.moto_server import ACCOUNT, REGION, Moto, ms
from tests.screens.monitor import opened
from tests.screens.world import ENDPOINT_LOGS, NOW, RANKER, WorldSource, before
from tui.demo.gaps_components import put_component
from tui.demo.gaps_sagemaker import set_fields


async def test_charts_of_requests_latency_and_errors(world: WorldSource) -> None:
    async with opened(world, size=(120, 80)) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.press("z")  # the traffic alone: there is room for all of it
        await monitor.until(
            "invocations a minute ━━ v12 ● 976  v13 ▲ 98",
            "latency in ms ── v12 avg ● 38.3 ms  v12 p99 ▲ 38.3 ms",
            "overhead in ms ── v12 avg ● 4.2 ms",
            "errors a minute ── v12 4XX ● 0  v12 5XX ▲ 60",
        )
        await monitor.until_drawn()
        await monitor.until("38.4ms┤", "1500┤")


async def test_its_log_and_the_use_of_its_instances(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("POST /invocations 200 19 ms")
        await monitor.until(re.compile(r"^ v12 .*41%", re.MULTILINE))


async def test_new_lines_of_its_log_appear(world: WorldSource, moto: Moto) -> None:
    async with opened(world) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("POST /invocations 200 19 ms")
        moto.add_log("v12/i-0123", [(ms(NOW), "POST /invocations 500")], group=ENDPOINT_LOGS + RANKER)
        await monitor.until("POST /invocations 500")


async def test_the_components_on_it_with_their_traffic_and_their_logs(world: WorldSource, moto: Moto) -> None:
    put_component(sagemaker_backends[ACCOUNT][REGION], "chat", "shared", "main", "chat-7b", 2, NOW)
    moto.add_endpoint("shared", created=before(days=1), EndpointStatus="InService")
    for variant in sagemaker_backends[ACCOUNT][REGION].endpoint_configs["shared-config"].production_variants:
        variant.pop("ModelName")
    where, times = {"InferenceComponentName": "chat"}, [ms(before(minutes=minutes)) for minutes in (3, 2, 1)]
    for metric, value in (("Invocations", 80.0), ("InvocationsPerCopy", 40.0)):
        moto.add_metric("AWS/SageMaker", metric, where, [(at, value) for at in times])
    said = [(ms(before(minutes=5)), "tokens per second: 41")]
    moto.add_log("main/i-07", said, group="/aws/sagemaker/InferenceComponents/chat")
    async with opened(world, size=(120, 44)) as monitor:
        await monitor.visit("endpoint shared")
        await monitor.until("tokens per second: 41", "invocations a minute ━━ 80")
        await monitor.until("inference component chat", re.compile("requests +80 a minute, 40 a copy"))


async def test_each_variants_scaling_with_limits_and_policies(world: WorldSource) -> None:
    async with opened(world, size=(90, 44)) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.press("4")
        await monitor.until(
            "latency             average 38.2, p50 38.2, p90 38.2, p99 38.2 ms",
            "auto-scaling        InstanceCount 2 – 8",
            "suspended           no",
            "policy invocations  TargetTrackingScaling",
            "target 70, out after 1m, in after 5m",
            "auto-scaling  none: the number of instances is fixed",
            "3 × ml.g4dn.xlarge",
        )


async def test_a_serverless_variant(world: WorldSource) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await monitor.visit("endpoint embed-stage")
        await monitor.press("4")
        await monitor.until("2048 MB, at most 5 at once")


async def test_a_failed_endpoint_says_why(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit("endpoint search-exp")
        await monitor.until("✕ The primary container did not pass the ping health check.", "✕ Failed")
        await monitor.until("no requests in the last three hours")
        await monitor.until_gone("Asking for the metrics")


async def test_a_deployment_under_way_is_told(world: WorldSource, moto: Moto) -> None:
    endpoint = sagemaker_backends[ACCOUNT][REGION].endpoints["tagger-stage"]
    pending = {
        "EndpointConfigName": "tagger-8",
        "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 1, "DesiredInstanceCount": 4}],
    }
    set_fields(endpoint, {"PendingDeploymentSummary": pending})
    async with opened(world) as monitor:
        await monitor.visit("endpoint tagger-stage")
        await monitor.until("● to tagger-8: main 1→4", "● Updating")


async def test_an_endpoint_that_does_not_exist_leads_back(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit("endpoint nope")
        await monitor.until("there is no endpoint nope", "7 jobs")
