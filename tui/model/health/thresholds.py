"""What the health rules compare with: one table, each entry of which `[thresholds]` in config.toml can change.

Debugger's defaults stand behind many of them. They were made for datapoints every 500 ms and are known to cry wolf:
here windows and patience are lengths of time, so that one-minute datapoints do as well, and most limits are wider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Thresholds = Mapping[str, float]
"""Every threshold by its name: `overfitting.gap`."""

MEANING: dict[str, tuple[float, str]] = {
    "overfitting.points": (8, "validations before it is judged"),
    "overfitting.rise": (0.05, "rise of validation above its best, as a share of it"),
    "overfitting.gap": (0.1, "(validation − training) / training, Debugger's ratio_threshold"),
    "overtraining.minutes": (60, "without progress in training and validation"),
    "overtraining.share": (0.6, "of the run so far without progress"),
    "overtraining.improvement": (0.01, "what counts as progress, as a share of the best value"),
    "divergence.rise": (0.5, "rise of a loss above its best, as a share of it and of what it had fallen"),
    "nan.count": (1, "values that are NaN or infinite"),
    "plateau.minutes": (45, "of training before a loss that never fell is named"),
    "plateau.fall": (0.01, "the least that a loss falls in that time, as a share of its first level"),
    "oscillation.swings": (6, "swings from low to high in the second half of the run"),
    "oscillation.ratio": (2, "high over low of these swings"),
    "stalled.seconds": (1800, "without a datapoint of any metric of the job"),
    "exploding-gradient.factor": (100, "gradient norm over its usual level"),
    "vanishing-gradient.norm": (1e-7, "gradient norm"),
    "step-outlier.deviations": (5, "standard deviations above the mean duration of a step"),
    "step-outlier.count": (10, "such steps"),
    "slow-host.share": (0.9, "of the median host's steps in the same time"),
    "resources.minutes": (20, "the window that utilization is judged by"),
    "resources.points": (12, "datapoints that a window must have"),
    "resources.patience_minutes": (10, "of training before utilization is judged"),
    "idle-gpu.p95": (30, "% of all GPUs of a host (Debugger: 70)"),
    "fluctuating-gpu.p95": (70, "% that a GPU reaches that comes and goes"),
    "fluctuating-gpu.p5": (10, "% that the same GPU falls to"),
    "fluctuating-gpu.dips": (3, "times in the window"),
    "cpu-bottleneck.gpu": (10, "% of GPU, below which it waits"),
    "cpu-bottleneck.cpu": (90, "% of CPU, above which it is what the GPU waits for"),
    "cpu-bottleneck.share": (0.5, "of the window that this lasts"),
    "io-bottleneck.gpu": (70, "% of GPU, below which it waits"),
    "io-bottleneck.share": (0.5, "of the window that this lasts"),
    "io-bottleneck.lines": (5, "lines of the log that call the data loader slow"),
    "batch-size.p95": (50, "% of CPU, GPU and GPU memory alike (Debugger: 70)"),
    "gpu-memory-increase.points": (10, "percentage points, and still rising"),
    "memory-full.percent": (95, "% of a host's memory"),
    "gpu-memory-full.percent": (97, "% of GPU memory, where it had grown to that"),
    "disk-filling.percent": (90, "% of the volume"),
    "disk-filling.hours": (6, "until it is full, as it grows now"),
    "load-balancing.distance": (0.2, "between the histograms of two hosts' GPU use, 0 to 1"),
    "slow-start.minutes": (20, "of training without a first step, or of starting or downloading"),
    "log-silent.seconds": (1800, "without a line"),
    "endpoint-errors.percent": (1, "% of requests answered 5XX in the last minutes"),
    "endpoint-errors.factor": (3, "times the share of before"),
    "endpoint-errors.requests": (50, "requests in these minutes, below which no share is judged"),
    "endpoint-latency.factor": (2, "times the latency of before"),
    "endpoint-latency.ms": (50, "more than before, at least"),
    "endpoint-at-maximum.minutes": (10, "at the maximum and above the target"),
    "endpoint-at-maximum.cpu": (80, "% of CPU or GPU that counts as hot where no target says it"),
    "endpoint-suspended.hours": (24, "since its scaling was last seen to change while suspended"),
    "endpoint-no-traffic.hours": (48, "without a request, while instances are paid for"),
    "endpoint-updating.minutes": (60, "in a status that should pass"),
}
"""By name: the default, and what it is."""

DEFAULTS: Thresholds = {name: value for name, (value, _) in MEANING.items()}


def thresholds(changes: Thresholds | None = None) -> Thresholds:
    """The defaults with the settings' changes."""
    return {**DEFAULTS, **(changes or {})}


def unknown(names: Iterable[str]) -> list[str]:
    """Those of the names that are no threshold."""
    return [name for name in names if name not in MEANING]
