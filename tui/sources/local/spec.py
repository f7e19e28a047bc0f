"""What a local job is to do: CreateTrainingJob's request, read strictly, and written back the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tui.model.instances import has_gpus
from tui.model.jobs import MetricDefinition
from tui.model.paths import path_of
from tui.sources.base import Refused

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
"""What SageMaker allows, and so what may be the name of a folder."""
_CHANNEL = re.compile(r"[A-Za-z0-9.\-_]{1,64}")
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,511}")
_MOST_HOSTS = 64
_LARGEST = 10_000_000
"""Bytes of a request."""
_DAY_S = 86_400
_KEYS = {
    "": (
        *("TrainingJobName", "HyperParameters", "AlgorithmSpecification", "InputDataConfig", "ResourceConfig"),
        *("StoppingCondition", "Environment", "Local"),
    ),
    "AlgorithmSpecification": ("TrainingInputMode", "MetricDefinitions"),
    "ResourceConfig": ("InstanceType", "InstanceCount", "InstanceGroups"),
    "StoppingCondition": ("MaxRuntimeInSeconds",),
    "Local": ("WholeSource", "Requirements", "Python", "GpusPerHost", "CoresPerHost", "MaxDiskBytes"),
}
"""What is read of a request."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One of InputDataConfig.

    Attributes:
        name: `train`.
        path: A file or a folder of this machine.
        content_type: What the script is told of it.
        sharded: Whether each host gets its part of the files only (ShardedByS3Key).
        mode: `File` or `FastFile`, which are the same here; `Pipe` runs on SageMaker only.
    """

    name: str
    path: Path
    content_type: str = ""
    sharded: bool = False
    mode: str = "File"


@dataclass(frozen=True, slots=True)
class Spec:
    """A local job.

    Attributes:
        name: The job's name.
        script: The entry point, relative to the source folder.
        source: The folder it lies in.
        whole_source: Whether all of that folder belongs to it, or the script and the Python code beside it only.
        hyperparameters: As CreateTrainingJob has them: strings.
        gpus: GPUs for each host, for which the job waits; None takes all there are, shared out, without waiting.
        cores: Cores for each host, for which the job waits; None counts none.
        max_disk: Bytes that its folder may grow to, None for no limit.
        python: The interpreter that runs the script.
        request: The request it was made of, for what only SageMaker wants to know; empty if none was.
    """

    name: str
    script: str
    source: Path
    whole_source: bool = False
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    instance_type: str = "local_cpu"
    instance_count: int = 1
    metric_definitions: tuple[MetricDefinition, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    max_run_s: int = _DAY_S
    requirements: Path | None = None
    python: str = "python3"
    gpus: int | None = None
    cores: int | None = None
    max_disk: int | None = None
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hosts(self) -> tuple[str, ...]:
        """`algo-1` … `algo-N`."""
        return tuple(f"algo-{number}" for number in range(1, self.instance_count + 1))

    @property
    def wants_gpus(self) -> bool:
        """Whether its hosts are to see GPUs."""
        kind = self.instance_type
        return bool(self.gpus) or kind == "local_gpu" or (kind.startswith("ml.") and has_gpus(kind))

    def to_request(self) -> dict[str, Any]:
        """CreateTrainingJob's request, and under `Local` what SageMaker has no word for."""
        request = {key: value for key, value in self.request.items() if key != "Local"}
        algorithm = dict(request.get("AlgorithmSpecification") or {"TrainingInputMode": "File"})
        algorithm["MetricDefinitions"] = [{"Name": one.name, "Regex": one.regex} for one in self.metric_definitions]
        resources = dict(request.get("ResourceConfig") or {"VolumeSizeInGB": 30})
        resources |= {"InstanceType": self.instance_type, "InstanceCount": self.instance_count}
        given = {item.get("ChannelName"): item for item in _items(request, "InputDataConfig")}
        return request | {
            "TrainingJobName": self.name,
            "AlgorithmSpecification": algorithm,
            "HyperParameters": {
                **self.hyperparameters,
                "sagemaker_program": self.script,
                "sagemaker_submit_directory": self.source.as_uri(),
            },
            "InputDataConfig": [_channel_request(channel, given.get(channel.name, {})) for channel in self.channels],
            "ResourceConfig": resources,
            "StoppingCondition": {"MaxRuntimeInSeconds": self.max_run_s},
            "Environment": dict(self.environment),
            "Local": {
                "WholeSource": self.whole_source,
                "Requirements": str(self.requirements) if self.requirements else None,
                "Python": self.python,
                "GpusPerHost": self.gpus,
                "CoresPerHost": self.cores,
                "MaxDiskBytes": self.max_disk,
            },
        }

    def checked(self) -> Spec:
        """Itself, if it can be run.

        Raises:
            Refused: Something is wrong with it; the first thing is named.
        """
        if not NAME.fullmatch(self.name):
            raise Refused(f"{self.name!r} is no name for a job", "letters, digits and hyphens between, 63 at most")
        entry = self.source / self.script
        if not entry.is_file():
            raise Refused(f"there is no script {entry}", "name a file")
        if not entry.resolve().is_relative_to(self.source.resolve()):
            raise Refused(f"{self.script} is not in {self.source}", "the script has to lie in the source folder")
        if not 1 <= self.instance_count <= _MOST_HOSTS:
            raise Refused(f"{self.instance_count} hosts", f"from 1 to {_MOST_HOSTS} run on one machine")
        if self.instance_type not in ("local_cpu", "local_gpu", "local") and not self.instance_type.startswith("ml."):
            raise Refused(f"there is no instance type {self.instance_type}", "say local_cpu or local_gpu")
        for channel in self.channels:
            if not _CHANNEL.fullmatch(channel.name) or set(channel.name) == {"."}:
                raise Refused(f"{channel.name!r} is no name for a channel", "letters, digits, . - and _")
            if not channel.path.exists():
                raise Refused(f"the channel {channel.name} is to be read from {channel.path}, which does not exist")
        names = [channel.name for channel in self.channels]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise Refused(f"the channel {twice} is given twice", "give each its own name")
        for name in self.environment:
            if not _VARIABLE.fullmatch(name):
                raise Refused(f"{name!r} is no name for an environment variable", "letters, digits and _")
        for definition in self.metric_definitions:
            _check_regex(definition)
        if self.requirements is not None and not self.requirements.is_file():
            raise Refused(f"there is no {self.requirements}", "name a requirements file")
        if self.max_run_s < 1:
            raise Refused(f"a job cannot run for {self.max_run_s} s", "at least one second")
        return self


def from_request(request: Mapping[str, Any], base: Path) -> Spec:
    """The local job of a CreateTrainingJob request.

    Args:
        request: As boto3 takes it. `HyperParameters.sagemaker_program` names the script and
            `sagemaker_submit_directory` its folder, a path or a file:// URL; channels are file:// URLs or paths.
        base: What relative paths are relative to: the folder of the file that the request was read from.

    Raises:
        Refused: It is no such request, or wants what this machine does not have.
    """
    _check_spelling(request)
    hyperparameters = {str(key): _text(value) for key, value in _table(request, "HyperParameters").items()}
    program = _unquoted(hyperparameters.pop("sagemaker_program", ""))
    submit = _unquoted(hyperparameters.pop("sagemaker_submit_directory", ""))
    if not program:
        raise Refused(
            "the request names no script", "HyperParameters.sagemaker_program is the script's name in its folder"
        )
    local = _table(request, "Local")
    resources = _table(request, "ResourceConfig")
    groups = resources.get("InstanceGroups")
    if isinstance(groups, Sequence) and groups:
        raise Refused("a heterogeneous cluster does not run here", "give InstanceType and InstanceCount")
    source = _path(submit, base, "sagemaker_submit_directory") if submit else base
    if not submit and (given := Path(program)).parent != Path():
        source, program = (base / given).parent, given.name
    algorithm = _table(request, "AlgorithmSpecification")
    stopping = _table(request, "StoppingCondition")
    requirements = local.get("Requirements")
    return Spec(
        name=str(request.get("TrainingJobName") or ""),
        script=program,
        source=source.resolve(),
        whole_source=bool(local.get("WholeSource", bool(submit))),
        hyperparameters=hyperparameters,
        channels=tuple(
            _channel(item, base, str(algorithm.get("TrainingInputMode") or "File"))
            for item in _items(request, "InputDataConfig")
        ),
        instance_type=str(resources.get("InstanceType") or "local_cpu"),
        instance_count=_whole(resources, "InstanceCount", 1),
        metric_definitions=tuple(
            MetricDefinition(str(item.get("Name") or ""), str(item.get("Regex") or ""))
            for item in _items(algorithm, "MetricDefinitions")
        ),
        environment={str(key): _text(value) for key, value in _table(request, "Environment").items()},
        max_run_s=_whole(stopping, "MaxRuntimeInSeconds", _DAY_S),
        requirements=_path(str(requirements), base, "Requirements") if requirements else None,
        python=str(local.get("Python") or "python3"),
        gpus=_count(local, "GpusPerHost"),
        cores=_count(local, "CoresPerHost"),
        max_disk=_count(local, "MaxDiskBytes"),
        request=request,
    )


def read_request(path: Path) -> dict[str, Any]:
    """The request in a YAML or JSON file.

    Raises:
        Refused: The file cannot be read, or holds no table.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror})", "name a YAML or JSON file") from None
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8 text", "name a YAML or JSON file") from None
    try:
        if path.suffix == ".json":
            value = json.loads(content)
        else:
            import yaml

            try:
                value = yaml.safe_load(content)
            except yaml.YAMLError as error:
                raise ValueError(" ".join(str(error).split())) from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is not {'JSON' if path.suffix == '.json' else 'YAML'}", str(error)) from None
    if not isinstance(value, dict):
        raise Refused(f"{path} holds no request", "it is a table with the keys of CreateTrainingJob")
    try:
        # YAML has dates, sets and anchors that hold themselves, or a billion of others: what is kept and sent is JSON.
        parts, size = list[str](), 0
        for part in json.JSONEncoder().iterencode(value):
            parts.append(part)
            size += len(part)
            if size > _LARGEST:
                raise Refused(f"{path} holds more than {_LARGEST:,} bytes", "a request is no place for data")
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"{path} holds what JSON has no word for ({error})", "put dates and the like in quotes") from None
    written = "".join(parts)
    if "\\u0000" in written:
        raise Refused(f"{path} holds a NUL character", "no name or path has one")
    request: dict[str, Any] = json.loads(written)
    return request


def local_path(text: str) -> Path | None:
    """The path of a file:// URL or of a plain path; None for a URL of anything else."""
    if "://" not in text:
        return path_of(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(unquote(parts.path))


def _path(text: str, base: Path, key: str) -> Path:
    path = local_path(text)
    if path is None:
        raise Refused(f"{key} is {text}, which is not on this machine", "give a path or a file:// URL")
    return base / path


def _channel(item: Mapping[str, Any], base: Path, mode: str) -> Channel:
    name = str(item.get("ChannelName") or "")
    source = _table(item, "DataSource")
    where = _table(source, "S3DataSource") or _table(source, "FileDataSource")
    uri = str(where.get("S3Uri") or where.get("FileUri") or "")
    if not uri:
        raise Refused(f"the channel {name} has no S3DataSource", "give it DataSource.S3DataSource.S3Uri")
    if (kind := where.get("S3DataType") or "S3Prefix") != "S3Prefix":
        raise Refused(f"the channel {name} is a {kind}, which is not read here", "give a folder, as S3Prefix")
    return Channel(
        name,
        _path(uri, base, f"the channel {name}").resolve(),
        str(item.get("ContentType") or ""),
        where.get("S3DataDistributionType") == "ShardedByS3Key",
        str(item.get("InputMode") or mode),
    )


def _channel_request(channel: Channel, given: Mapping[str, Any]) -> dict[str, Any]:
    """One of InputDataConfig; what only SageMaker wants to know of it (`ShuffleConfig`) is as it was given."""
    source = {
        **_table(_table(given, "DataSource"), "S3DataSource"),
        "S3DataType": "S3Prefix",
        "S3Uri": channel.path.as_uri(),
        "S3DataDistributionType": "ShardedByS3Key" if channel.sharded else "FullyReplicated",
    }
    request = {**given, "ChannelName": channel.name, "DataSource": {"S3DataSource": source}}
    return request | ({"ContentType": channel.content_type} if channel.content_type else {})


def _check_regex(definition: MetricDefinition) -> None:
    try:
        groups = re.compile(definition.regex).groups
    except re.error as error:
        raise Refused(f"the metric {definition.name} has no regular expression: {error}", "NAME=REGEX") from None
    if not definition.name or not groups:
        raise Refused(f"the metric {definition.name!r} captures nothing", "its parentheses take the value: loss=(\\S+)")


def _unquoted(text: str) -> str:
    # The SageMaker SDK writes these as JSON strings inside of strings.
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def _text(value: object) -> str:
    """A value as CreateTrainingJob takes it; YAML's `true` and `[1, 2]` as the SageMaker SDK would write them."""
    return value if isinstance(value, str) else json.dumps(value)


def _check_spelling(request: Mapping[str, Any]) -> None:
    """Refuses a key that is nearly one of those that are read: a job without its data is no good guess."""
    import difflib

    tables = {"": request, **{name: request.get(name) for name in _KEYS if name}}
    for where, table in tables.items():
        for key in table if isinstance(table, Mapping) else ():
            known = {name.lower(): name for name in _KEYS[where]}
            if key not in _KEYS[where] and (near := difflib.get_close_matches(key.lower(), known, 1, 0.9)):
                raise Refused(f"{where and where + '.'}{key} is no key of CreateTrainingJob", f"say {known[near[0]]}")


def _table(request: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = request.get(key) or {}
    if not isinstance(value, Mapping):
        raise Refused(f"{key} is no table", "see CreateTrainingJob")
    return value


def _items(request: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = request.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise Refused(f"{key} is no list of tables", "see CreateTrainingJob")
    return value


def _whole(table: Mapping[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{key} is {value!r}", "it has to be a whole number")
    return value


def _count(table: Mapping[str, Any], key: str) -> int | None:
    if table.get(key) is None:
        return None
    if (value := _whole(table, key, 0)) < 1:
        raise Refused(f"{key} is {value}", "it has to be 1 at least")
    return value
