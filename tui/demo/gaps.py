"""What moto leaves out of AWS, filled in inside the process that runs moto's server."""

from __future__ import annotations


def fill_gaps() -> None:
    """Assigns what is missing or wrong in moto's backends and responses; a second call changes nothing.

    Covers the operations that sagetop asks for: SageMaker jobs, endpoints and inference components, CloudWatch Logs,
    metrics and alarms, Application Auto Scaling, the runtime's InvokeEndpoint and sts GetCallerIdentity.
    """
    from tui.demo import (
        gaps_alarms,
        gaps_components,
        gaps_identity,
        gaps_invoke,
        gaps_logs,
        gaps_metrics,
        gaps_sagemaker,
        gaps_scaling,
    )

    for gap in (gaps_sagemaker, gaps_components, gaps_logs, gaps_metrics, gaps_alarms, gaps_scaling, gaps_invoke):
        gap.fill()
    gaps_identity.fill()
