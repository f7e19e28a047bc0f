"""What a SageMaker container gives a script: arguments, SM_* variables, the /opt/ml layout and its config files.

As SageMaker's training toolkit has it, variable by variable; `tests/sources/local/test_contract.py` holds the list.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.sources.local.spec import Spec

LOG_LEVEL = 20
GROUP = "homogeneousCluster"
NETWORK_INTERFACE = "lo" if sys.platform == "linux" else "lo0"
"""Hosts meet on this machine only: whoever binds to the interface by its name binds to that one."""
_NO_ARGUMENTS = ("_tuning_objective_metric", "default_user_module_name")
_NO_FRAMEWORK = frozenset({
    *_NO_ARGUMENTS,
    *("sagemaker_program", "sagemaker_submit_directory", "sagemaker_enable_cloudwatch_metrics", "sagemaker_region"),
    *("sagemaker_container_log_level", "sagemaker_job_name", "sagemaker_s3_output"),
})  # fmt: skip
"""What the SDK writes for the toolkit itself; the rest of `sagemaker_…` is SM_FRAMEWORK_PARAMS."""
_DISTRIBUTED = (
    *("sagemaker_mpi_enabled", "sagemaker_parameter_server_enabled", "sagemaker_distributed_dataparallel_enabled"),
    *("sagemaker_pytorch_ddp_enabled", "sagemaker_pytorch_xla_multi_worker_enabled"),
    *("sagemaker_multi_worker_mirrored_strategy_enabled", "sagemaker_torch_distributed_enabled"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The /opt/ml of one host, under a folder of its own."""

    base: Path

    @property
    def code(self) -> Path:
        """Where the script lies and runs."""
        return self.base / "code"

    @property
    def input(self) -> Path:
        """Config files and data."""
        return self.base / "input"

    @property
    def config(self) -> Path:
        """hyperparameters.json, resourceconfig.json, inputdataconfig.json."""
        return self.input / "config"

    @property
    def data(self) -> Path:
        """A folder a channel."""
        return self.input / "data"

    @property
    def model(self) -> Path:
        """What becomes model.tar.gz."""
        return self.base / "model"

    @property
    def output(self) -> Path:
        """`data`, `failure` and `success`."""
        return self.base / "output"

    @property
    def output_data(self) -> Path:
        """What becomes output.tar.gz."""
        return self.output / "data"

    @property
    def intermediate(self) -> Path:
        """What SageMaker would upload while the job runs."""
        return self.output / "intermediate"

    @property
    def checkpoints(self) -> Path:
        """Where a script keeps what it could go on from."""
        return self.base / "checkpoints"

    def make(self) -> None:
        """Makes every folder, for its owner alone.

        Raises:
            OSError: One cannot be made.
        """
        for folder in (self.config, self.data, self.model, self.output_data, self.intermediate, self.checkpoints):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Host:
    """One host of a job: where it lies and what it may use.

    Attributes:
        name: `algo-1`.
        layout: Its /opt/ml.
        cpus: Cores it is told of.
        gpus: The numbers of the machine's GPUs that are its own.
        master_port: Where the hosts of a torch.distributed run meet, on this machine.
    """

    name: str
    layout: Layout
    cpus: int
    gpus: tuple[int, ...]
    master_port: int


def decoded(value: str) -> Any:
    """A hyperparameter as the toolkit reads it: its JSON value, or the text as it is."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def split(hyperparameters: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The script's own hyperparameters, and those for whoever runs it, which it is not given as arguments."""
    own, framework = dict[str, Any](), dict[str, Any]()
    for name, value in hyperparameters.items():
        mine = not name.startswith("sagemaker_") and name not in _NO_ARGUMENTS
        (own if mine else framework)[name] = decoded(value)
    return own, framework


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """`--epochs 3 -k 5`: sorted by name, one hyphen for one letter."""
    found = []
    for name, value in sorted(hyperparameters.items()):
        found += [f"--{name}" if len(name) > 1 else f"-{name}", _argument(value)]
    return found


def resource_config(spec: Spec, host: str) -> dict[str, Any]:
    """resourceconfig.json."""
    hosts = sorted(spec.hosts)
    return {
        "current_host": host,
        "current_instance_type": spec.instance_type,
        "current_group_name": GROUP,
        "hosts": hosts,
        "instance_groups": [
            {"instance_group_name": GROUP, "instance_type": spec.instance_type, "hosts": hosts},
        ],
        "network_interface_name": NETWORK_INTERFACE,
    }


def input_data_config(spec: Spec) -> dict[str, Any]:
    """inputdataconfig.json."""
    return {
        channel.name: {
            "TrainingInputMode": channel.mode,
            "S3DistributionType": "ShardedByS3Key" if channel.sharded else "FullyReplicated",
            "RecordWrapperType": "None",
            **({"ContentType": channel.content_type} if channel.content_type else {}),
        }
        for channel in spec.channels
    }


def write_config(spec: Spec, host: Host) -> None:
    """Writes the three config files of a host.

    Raises:
        OSError: One cannot be written.
    """
    files = {
        "hyperparameters": {**spec.hyperparameters, "sagemaker_program": spec.script},
        "resourceconfig": resource_config(spec, host.name),
        "inputdataconfig": input_data_config(spec),
    }
    for name, value in files.items():
        (host.layout.config / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


def variables(spec: Spec, host: Host, environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a host's script.

    Args:
        spec: The job.
        host: The host.
        environ: What the person's own environment has; its SM_* variables are another job's.
    """
    inherited = {name: value for name, value in environ.items() if not name.startswith("SM_")}
    rank = sorted(spec.hosts).index(host.name)  # its place in SM_HOSTS, where algo-10 comes before algo-2
    paths = [str(host.layout.code), *filter(None, [inherited.get("PYTHONPATH", "")])]
    return {
        **inherited,
        # A container's Python is unbuffered: a line is in the log when it was printed.
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": ":".join(paths),
        "SAGEMAKER_BASE_DIR": str(host.layout.base),
        "SAGEMAKER_JOB_NAME": spec.name,
        "SAGEMAKER_REGION": inherited.get("AWS_REGION") or inherited.get("AWS_DEFAULT_REGION", ""),
        "TRAINING_JOB_NAME": spec.name,
        "CURRENT_HOST": host.name,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(host.master_port),
        "RANK": str(rank),
        "WORLD_SIZE": str(spec.instance_count),
        "LOCAL_RANK": "0",
        # Nothing is seen where nothing was given: two jobs do not meet on a GPU by mistake.
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, host.gpus)),
        **_toolkit(spec, host),
        **spec.environment,
    }


def _toolkit(spec: Spec, host: Host) -> dict[str, str]:
    layout, (hyperparameters, all_framework) = host.layout, split(spec.hyperparameters)
    framework = {name: value for name, value in all_framework.items() if name not in _NO_FRAMEWORK}
    groups = [GROUP] if any(framework.get(name) for name in _DISTRIBUTED) else []
    resources = resource_config(spec, host.name)
    channels = {channel.name: str(layout.data / channel.name) for channel in spec.channels}
    module = spec.script.removesuffix(".py")
    common: dict[str, Any] = {
        "channel_input_dirs": channels,
        "current_host": host.name,
        "current_instance_group": GROUP,
        "current_instance_group_hosts": resources["hosts"],
        "current_instance_type": spec.instance_type,
        "distribution_hosts": resources["hosts"] if groups else [],
        "distribution_instance_groups": groups,
        "framework_module": None,
        "hosts": resources["hosts"],
        "hyperparameters": hyperparameters,
        "input_config_dir": str(layout.config),
        "input_data_config": input_data_config(spec),
        "input_dir": str(layout.input),
        "instance_groups": [GROUP],
        "instance_groups_dict": {GROUP: resources["instance_groups"][0]},
        "is_hetero": False,
        "log_level": all_framework.get("sagemaker_container_log_level", LOG_LEVEL),
        "model_dir": str(layout.model),
        "module_dir": str(layout.code),
        "module_name": module,
        "network_interface_name": NETWORK_INTERFACE,
        "num_cpus": host.cpus,
        "num_gpus": len(host.gpus),
        "num_neurons": 0,
        "output_data_dir": str(layout.output_data),
        "output_dir": str(layout.output),
        "output_intermediate_dir": str(layout.intermediate),
        "resource_config": resources,
        "user_entry_point": spec.script,
    }
    own = {
        "additional_framework_parameters": framework,
        "is_master": host.name == resources["hosts"][0],
        "is_modelparallel_enabled": None,
        "is_smddpmprun_installed": False,
        "is_smddprun_installed": False,
        "job_name": spec.name,
        "master_hostname": resources["hosts"][0],
        "topology": [],
    }
    apart = ("channel_input_dirs", "distribution_hosts", "hyperparameters")
    given: dict[str, Any] = {name: value for name, value in common.items() if name not in apart}
    given |= {
        "channels": sorted(channels),
        "framework_params": framework,
        "hps": hyperparameters,
        "training_env": common | own,
        "user_args": arguments(hyperparameters),
        **{f"channel_{name}": path for name, path in channels.items()},
        **{f"hp_{name}": value for name, value in hyperparameters.items()},
    }
    return {f"SM_{name.upper()}": _variable(value) for name, value in given.items()}


def _variable(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _argument(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
    return str(value)
