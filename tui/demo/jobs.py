"""A training job as a pure function of time: its phases, what Describe says of it, its log and its metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from tui.demo import scripts
from tui.demo.curves import Values, gauge, learn, wobble
from tui.demo.launch import ACCOUNT, REGION
from tui.demo.recipes import Recipe
from tui.demo.scripts import Moment

When = Callable[[float], float]
"""Simulated seconds since the demo began to seconds since the epoch."""

BUCKET = f"s3://sagemaker-{REGION}-{ACCOUNT}"
MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One job: when it was made and how long each phase takes, in simulated seconds since the demo began.

    `reach` is how far in its curves it is at the end of its training: less than 1 where it ends early.
    """

    recipe: Recipe
    number: int
    seed: int
    began: float
    starting: float
    downloading: float
    training: float
    uploading: float
    outcome: str = "Completed"
    reach: float = 1.0

    @property
    def name(self) -> str:
        """The job's name."""
        return f"{self.recipe.family}-{self.number:03d}"

    @property
    def trains(self) -> float:
        """When training begins."""
        return self.began + self.starting + self.downloading

    @property
    def ends(self) -> float:
        """When all is over."""
        return self.trains + self.training + self.uploading

    def phases(self) -> list[tuple[str, float]]:
        """Each phase with its beginning; the last is the outcome."""
        found = [
            ("Starting", self.began),
            ("Downloading", self.began + self.starting),
            ("Training", self.trains),
        ]
        if self.uploading:
            found.append(("Uploading", self.trains + self.training))
        return [*found, (self.outcome, self.ends)]

    def steps(self, after: float, until: float) -> range:
        """The steps whose time is in (after, until], within training."""
        first = math.floor((max(after, self.trains) - self.trains) / self.recipe.step_s) + 1
        last = math.floor((min(until, self.trains + self.training) - self.trains) / self.recipe.step_s)
        return range(first - (after < self.trains), last + 1)

    def time_of(self, step: int) -> float:
        """When a step is."""
        return self.trains + step * self.recipe.step_s

    def values(self, step: int) -> Values:
        """What a step measures."""
        progress = self.reach * step * self.recipe.step_s / self.training
        return learn(self.recipe.curve, self.seed, progress, step)

    def lines(self, step: int, host: int) -> list[str]:
        """What a host prints at a step."""
        recipe = self.recipe
        epoch, in_epoch = divmod(step, recipe.epoch_steps)
        values = self.values(step)
        if host > 1:  # each host has its own share of the batch
            values = values._replace(loss=values.loss * (1 + 0.06 * wobble(self.seed + 40 * host, step)))
        moment = Moment(
            step=step,
            epoch=epoch,
            in_epoch=in_epoch,
            epoch_steps=recipe.epoch_steps,
            epochs=max(1, round(self.training / recipe.step_s / recipe.epoch_steps / self.reach)),
            host=host,
            hosts=recipe.hosts,
            values=values,
            chance=wobble(self.seed + host, step),
        )
        return recipe.script(moment)

    def stream(self, host: int) -> str:
        """The name of a host's log stream."""
        return f"{self.name}/algo-{host}-{1_700_000_000 + self.seed % 90_000_000}"


def log(
    plan: Plan, host: int, after: float, until: float, at_most: int | None = None
) -> Iterator[tuple[float, float, str]]:
    """A host's log events in (after, until]: their time, when they are ingested, and the message.

    Where time is hurried there are more steps than a log should have: `at_most` keeps the last ones.
    """
    if after < plan.trains <= until:
        for line in preamble(plan, host):
            yield plan.trains, plan.trains + 1, line
    steps = plan.steps(after, until)
    for step in steps if at_most is None else steps[-at_most:]:
        at = plan.time_of(step)
        late = 20 + 40 * abs(wobble(plan.seed + 5, step)) if host == plan.recipe.hosts and step % 97 == 60 else 0.4
        for number, line in enumerate(plan.lines(step, host)):
            yield at + number * 0.003, at + late, line
    end = plan.trains + plan.training
    if after < end <= until and plan.outcome == "Failed" and host == 1:
        for number, line in enumerate(scripts.TRACEBACK):
            yield end + number * 0.001, end + 0.5, line
    elif after < end <= until and plan.outcome == "Completed":
        yield end, end + 0.5, "sagemaker-training-toolkit INFO     Reporting training SUCCESS"


def preamble(plan: Plan, host: int) -> list[str]:
    """What SageMaker's containers say before the script runs."""
    recipe = plan.recipe
    words = {
        "framework": recipe.framework,
        "family": recipe.family,
        "hosts": str([f"algo-{number}" for number in range(1, recipe.hosts + 1)]).replace("'", '"'),
        "gpus": recipe.gpus,
        "arguments": " ".join(f"--{key} {value}" for key, value in sorted(recipe.hyperparameters.items())),
    }
    return [line.format(**words) for line in scripts.PREAMBLE] + [f"SM_CURRENT_HOST=algo-{host}"]


def measured(plan: Plan, minute: int) -> dict[str, float]:
    """What the job's MetricDefinitions find in a minute of its log; no NaN, which CloudWatch does not take."""
    steps = plan.steps(plan.trains + (minute - 1) * 60, plan.trains + minute * 60)
    if not steps:
        return {}
    epoch_ends = [step for step in steps if (step + 1) % plan.recipe.epoch_steps == 0]
    lines = [line for step in {*epoch_ends[-1:], steps[-1]} for line in plan.lines(step, 1)]
    found = {}
    for name, regex in plan.recipe.metrics:
        for match in filter(None, (re.search(regex, line) for line in lines)):
            if math.isfinite(value := float(match.group(1))):
                found[name] = value
    return found


def utilization(plan: Plan, host: int, minute: int) -> dict[str, float]:
    """A host's five gauges in a minute of its training; CPU and GPU are of all its cores and GPUs together."""
    recipe, seed = plan.recipe, plan.seed + 1000 * host
    gpu = gauge(recipe.gpu, min(0.05, recipe.gpu), seed + 1, minute)
    cpu = gauge(recipe.cpu, 0.04, seed, minute)
    if host == 2 and minute > 150:  # its data comes in bursts
        gpu = 0.97 if wobble(seed + 9, minute) > 0 else 0.04
        cpu *= 0.4
    found = {
        "CPUUtilization": 100 * recipe.vcpus * cpu,
        "MemoryUtilization": 100 * gauge(recipe.memory + 0.0002 * minute, 0.01, seed + 2, minute, 0.95),
        "DiskUtilization": 100 * gauge(recipe.disk + 0.0003 * minute, 0.002, seed + 3, minute, 0.9),
    }
    if recipe.gpus:
        found["GPUUtilization"] = 100 * recipe.gpus * gpu
        found["GPUMemoryUtilization"] = 100 * recipe.gpus * gauge(recipe.gpu_memory, 0.004, seed + 4, minute, 0.99)
    return found


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as boto3 sees them."""
    return datetime.fromtimestamp(round(seconds, 3), timezone.utc)


def describe(plan: Plan, t: float, when: When) -> dict[str, Any]:
    """DescribeTrainingJob's answer at the simulated time `t`."""
    recipe = plan.recipe
    passed = [(phase, begins) for phase, begins in plan.phases() if begins <= t]
    ended = t >= plan.ends
    transitions = []
    for index, (phase, begins) in enumerate(passed):
        entry = {"Status": phase, "StartTime": moment(when(begins)), "StatusMessage": MESSAGES[phase]}
        if index + 1 < len(passed):
            entry["EndTime"] = moment(when(passed[index + 1][1]))
        elif ended:
            entry["EndTime"] = moment(when(plan.ends))
        transitions.append(entry)
    output = f"{BUCKET}/{recipe.family}/output"
    found: dict[str, Any] = {
        "TrainingJobName": plan.name,
        "TrainingJobStatus": plan.outcome if ended else "InProgress",
        "SecondaryStatus": passed[-1][0],
        "SecondaryStatusTransitions": transitions,
        "CreationTime": moment(when(plan.began)),
        "LastModifiedTime": moment(when(passed[-1][1])),
        "HyperParameters": {**recipe.hyperparameters, "sagemaker_program": "train.py", "seed": str(plan.number)},
        "AlgorithmSpecification": {
            "TrainingImage": f"763104351884.dkr.ecr.{REGION}.amazonaws.com/{recipe.framework}-training:2.4-py311",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in recipe.metrics],
            "EnableSageMakerMetricsTimeSeries": True,
        },
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/SageMakerTraining",
        "InputDataConfig": [
            {
                "ChannelName": channel,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"{BUCKET}/{recipe.family}/data/{channel}",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
            for channel in recipe.channels
        ],
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": {
            "InstanceType": recipe.instance,
            "InstanceCount": recipe.hosts,
            "VolumeSizeInGB": recipe.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
        "EnableManagedSpotTraining": recipe.spot,
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "Tags": [{"Key": "team", "Value": "ml-platform"}, {"Key": "project", "Value": recipe.family}],
    }
    if recipe.spot:
        found["StoppingCondition"]["MaxWaitTimeInSeconds"] = 90_000
        found["CheckpointConfig"] = {"S3Uri": f"{BUCKET}/{recipe.family}/checkpoints"}
    if t >= plan.trains:
        found["TrainingStartTime"] = moment(when(plan.began + plan.starting))
    if ended:
        seconds = int(when(plan.ends) - when(plan.began + plan.starting))
        found["TrainingEndTime"] = moment(when(plan.ends))
        found["TrainingTimeInSeconds"] = seconds
        found["BillableTimeInSeconds"] = int(seconds * (0.36 if recipe.spot else 1))
        if plan.outcome == "Failed":
            found["FailureReason"] = scripts.FAILURE
        if plan.outcome != "Failed":
            found["ModelArtifacts"] = {"S3ModelArtifacts": f"{output}/{plan.name}/output/model.tar.gz"}
            found["FinalMetricDataList"] = _final(plan, when)
    return found


def _final(plan: Plan, when: When) -> list[dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    minutes = int(plan.training // 60) + 1
    for minute in range(max(1, minutes - 15), minutes + 1):
        at = moment(when(min(plan.trains + minute * 60, plan.trains + plan.training)))
        for name, value in measured(plan, minute).items():
            last[name] = {"MetricName": name, "Value": round(value, 6), "Timestamp": at}
    return list(last.values())
