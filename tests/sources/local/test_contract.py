"""What a script is given, variable by variable, as SageMaker's containers give it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.local_jobs import Job, Machine
from tui.sources.local.contract import NETWORK_INTERFACE, arguments, decoded
from tui.sources.local.spec import Channel
from tui.sources.local.turns import cores_here

TELL = "import json, os, sys; print(json.dumps({'argv': sys.argv, 'cwd': os.getcwd(), 'env': dict(os.environ)}))"
HYPERPARAMETERS = {
    "epochs": "3",
    "learning-rate": "0.01",
    "name": "a b",
    "quoted": '"text"',
    "k": "5",
    "flag": "true",
    "layers": "[1, 2]",
    "sagemaker_mpi_enabled": "true",
    "sagemaker_container_log_level": "10",
    "sagemaker_region": '"eu-west-1"',
    "_tuning_objective_metric": "loss",
}
DECODED = {
    "epochs": 3,
    "learning-rate": 0.01,
    "name": "a b",
    "quoted": "text",
    "k": 5,
    "flag": True,
    "layers": [1, 2],
}
ARGUMENTS = [
    *("--epochs", "3", "--flag", "True", "-k", "5", "--layers", "[1, 2]"),
    *("--learning-rate", "0.01", "--name", "a b", "--quoted", "text"),
]


@pytest.fixture
def told(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job of two hosts that say what they were given."""
    monkeypatch.setenv("SM_HP_OF_ANOTHER_JOB", "1")
    for channel in ("train", "validation"):
        (tmp_path / channel).mkdir()
        for name in ("a", "b", "c"):
            (tmp_path / channel / f"{name}.csv").write_text(name)
    job = machine.run(
        TELL,
        hyperparameters=HYPERPARAMETERS,
        channels=(
            Channel("train", tmp_path / "train", "text/csv"),
            Channel("validation", tmp_path / "validation", sharded=True),
        ),
        instance_count=2,
        environment={"OWN": "value"},
    )
    assert job.state.status == "Completed"
    return job


def test_arguments_are_the_hyperparameters_sorted_by_name(told: Job) -> None:
    given = told.json()
    assert given["argv"][1:] == ARGUMENTS
    assert given["argv"][0] == f"{given['cwd']}/train.py"


def test_every_variable_has_the_value_that_sagemaker_gives_it(told: Job) -> None:
    base = str(told.folder.base("algo-2"))
    env = {name: value for name, value in told.json("algo-2")["env"].items() if name.startswith("SM_")}
    resources = {
        "current_host": "algo-2",
        "current_instance_type": "local_cpu",
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1", "algo-2"],
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": "local_cpu",
                "hosts": ["algo-1", "algo-2"],
            }
        ],
        "network_interface_name": NETWORK_INTERFACE,
    }
    inputs = {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            "ContentType": "text/csv",
        },
        "validation": {
            "TrainingInputMode": "File",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "None",
        },
    }
    plain = {
        "SM_CURRENT_HOST": "algo-2",
        "SM_CURRENT_INSTANCE_TYPE": "local_cpu",
        "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
        "SM_NUM_CPUS": str(max(cores_here() // 2, 1)),
        "SM_NUM_GPUS": "0",
        "SM_NUM_NEURONS": "0",
        "SM_MODEL_DIR": f"{base}/model",
        "SM_OUTPUT_DATA_DIR": f"{base}/output/data",
        "SM_OUTPUT_DIR": f"{base}/output",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{base}/output/intermediate",
        "SM_INPUT_DIR": f"{base}/input",
        "SM_INPUT_CONFIG_DIR": f"{base}/input/config",
        "SM_CHANNEL_TRAIN": f"{base}/input/data/train",
        "SM_CHANNEL_VALIDATION": f"{base}/input/data/validation",
        "SM_HP_EPOCHS": "3",
        "SM_HP_LEARNING-RATE": "0.01",
        "SM_HP_NAME": "a b",
        "SM_HP_QUOTED": "text",
        "SM_HP_K": "5",
        "SM_HP_FLAG": "true",
        "SM_HP_LAYERS": "[1,2]",
        "SM_USER_ENTRY_POINT": "train.py",
        "SM_MODULE_NAME": "train",
        "SM_MODULE_DIR": f"{base}/code",
        "SM_NETWORK_INTERFACE_NAME": NETWORK_INTERFACE,
        "SM_LOG_LEVEL": "10",
        "SM_FRAMEWORK_MODULE": "",
        "SM_IS_HETERO": "false",
    }
    as_json = {
        "SM_HOSTS": ["algo-1", "algo-2"],
        "SM_CURRENT_INSTANCE_GROUP_HOSTS": ["algo-1", "algo-2"],
        "SM_INSTANCE_GROUPS": ["homogeneousCluster"],
        "SM_INSTANCE_GROUPS_DICT": {"homogeneousCluster": resources["instance_groups"][0]},
        "SM_DISTRIBUTION_INSTANCE_GROUPS": ["homogeneousCluster"],
        "SM_CHANNELS": ["train", "validation"],
        "SM_HPS": DECODED,
        "SM_USER_ARGS": ARGUMENTS,
        "SM_FRAMEWORK_PARAMS": {"sagemaker_mpi_enabled": True},
        "SM_RESOURCE_CONFIG": resources,
        "SM_INPUT_DATA_CONFIG": inputs,
    }
    training = json.loads(env.pop("SM_TRAINING_ENV"))
    assert {name: value for name, value in env.items() if name in plain} == plain
    assert {name: json.loads(value) for name, value in env.items() if name not in plain} == as_json
    assert env["SM_HPS"] == json.dumps(DECODED, sort_keys=True, separators=(",", ":"))
    assert training["hyperparameters"] == DECODED
    assert training["channel_input_dirs"] == {name: f"{base}/input/data/{name}" for name in ("train", "validation")}
    assert (training["master_hostname"], training["is_master"], training["job_name"]) == ("algo-1", False, "job-1")
    assert training["resource_config"] == resources


def test_what_containers_have_besides(told: Job) -> None:
    first, second = (told.json(host)["env"] for host in ("algo-1", "algo-2"))
    assert first["SAGEMAKER_BASE_DIR"] == str(told.folder.base("algo-1"))
    assert (first["TRAINING_JOB_NAME"], first["SAGEMAKER_JOB_NAME"], first["CURRENT_HOST"]) == (
        "job-1",
        "job-1",
        "algo-1",
    )
    assert (first["RANK"], second["RANK"], first["WORLD_SIZE"]) == ("0", "1", "2")
    assert first["MASTER_ADDR"] == "127.0.0.1"
    assert first["MASTER_PORT"] == second["MASTER_PORT"]
    assert first["OWN"] == "value"
    assert first["CUDA_VISIBLE_DEVICES"] == ""
    assert first["PATH"] == f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    assert "SM_HP_OF_ANOTHER_JOB" not in first
    assert first["PYTHONPATH"].split(":")[0] == str(told.folder.base("algo-1") / "code")


def test_the_config_files_say_the_same(told: Job) -> None:
    config = told.folder.base("algo-1") / "input" / "config"
    files = {path.name: json.loads(path.read_text()) for path in config.iterdir()}
    env = told.json()["env"]
    assert sorted(files) == ["hyperparameters.json", "inputdataconfig.json", "resourceconfig.json"]
    assert files["hyperparameters.json"] == {**HYPERPARAMETERS, "sagemaker_program": "train.py"}
    assert files["resourceconfig.json"] == json.loads(env["SM_RESOURCE_CONFIG"])
    assert files["inputdataconfig.json"] == json.loads(env["SM_INPUT_DATA_CONFIG"])


def test_a_channel_has_all_of_its_files_and_a_sharded_one_a_part_of_them_for_each_host(told: Job) -> None:
    data = [told.folder.base(host) / "input" / "data" for host in ("algo-1", "algo-2")]
    assert [sorted(path.name for path in one.glob("train/*")) for one in data] == [["a.csv", "b.csv", "c.csv"]] * 2
    assert [sorted(path.name for path in one.glob("validation/*")) for one in data] == [["a.csv", "c.csv"], ["b.csv"]]
    assert (data[1] / "validation" / "b.csv").read_text() == "b"


def test_a_channel_may_be_a_single_file(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    job = machine.run(
        "import os, pathlib; print(*pathlib.Path(os.environ['SM_CHANNEL_TRAIN']).iterdir())",
        channels=(Channel("train", tmp_path / "data.csv"),),
    )
    assert job.log().endswith("/input/data/train/data.csv\n")


def test_only_the_job_s_owner_can_look_into_its_folder(told: Job) -> None:
    assert told.folder.path.stat().st_mode & 0o777 == 0o700
    assert told.folder.log("algo-1").stat().st_mode & 0o777 == 0o600


def test_values_that_are_no_json_are_text() -> None:
    assert [decoded(text) for text in ("1", "1.5", "x", '{"a": 1}', "null", "")] == [1, 1.5, "x", {"a": 1}, None, ""]
    assert arguments({"map": {"b": 2, "a": 1}, "none": None, "x": 1}) == ["--map", "a=1,b=2", "--none", "", "-x", "1"]


def test_a_script_written_for_sagemaker_runs_unchanged(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("1\n2\n3\n")
    script = """
import argparse, os, json
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--learning-rate", type=float, default=0.1)
parser.add_argument("--model-dir", type=str, default=os.environ["SM_MODEL_DIR"])
parser.add_argument("--train", type=str, default=os.environ["SM_CHANNEL_TRAIN"])
parser.add_argument("--hosts", type=list, default=json.loads(os.environ["SM_HOSTS"]))
parser.add_argument("--current-host", type=str, default=os.environ["SM_CURRENT_HOST"])
parser.add_argument("--num-gpus", type=int, default=os.environ["SM_NUM_GPUS"])
args, _ = parser.parse_known_args()
total = sum(int(line) for line in open(os.path.join(args.train, "x.txt")))
with open(os.path.join(args.model_dir, "model.json"), "w") as file:
    json.dump({"total": total * args.epochs}, file)
"""
    job = machine.run(script, hyperparameters={"epochs": "2"}, channels=(Channel("train", tmp_path / "data"),))
    assert job.state.status == "Completed"
    import tarfile

    with tarfile.open(job.folder.model) as archive:
        assert archive.getnames() == ["model.json"]
        content = archive.extractfile("model.json")
        assert content is not None
        assert json.load(content) == {"total": 12}
