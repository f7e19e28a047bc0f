"""The kinds of training job that the demo has: what each runs on, prints and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.demo import scripts
from tui.demo.scripts import Script

_NUMBER = r"([0-9.]+(?:e[+-]?[0-9]+)?|nan)"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A family of jobs.

    Attributes:
        metrics: The MetricDefinitions: a name, and the regex that finds its value in the log.
        step_s: Seconds between two lines of one host.
        cpu, gpu, memory, gpu_memory, disk: Usual use, as a share of what the host has.
        curve: What `curves.learn` does.
    """

    family: str
    script: Script
    framework: str
    instance: str
    vcpus: int
    gpus: int
    metrics: tuple[tuple[str, str], ...]
    step_s: float
    epoch_steps: int
    hosts: int = 1
    curve: str = "healthy"
    cpu: float = 0.35
    gpu: float = 0.9
    memory: float = 0.4
    gpu_memory: float = 0.75
    disk: float = 0.12
    spot: bool = False
    volume_gb: int = 100
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ("train", "validation")


# fmt: off
RECIPES = {
    recipe.family: recipe
    for recipe in (
        Recipe(
            "resnet50-imagenet", scripts.pytorch, "pytorch", "ml.p4d.24xlarge", 96, 8,
            (
                ("train:loss", rf"Loss {_NUMBER} \("),
                ("validation:loss", rf"^ \* .*loss={_NUMBER}"),
                ("train:accuracy", r"^Epoch.*Acc@1\s+([0-9.]+) \("),
                ("validation:accuracy", r"^ \* Acc@1\s+([0-9.]+)"),
            ),
            0.5, 960, hosts=2, cpu=0.33, gpu=0.93, spot=True, volume_gb=500,
            hyperparameters={"arch": "resnet50", "batch-size": "512", "epochs": "90", "lr": "0.1", "workers": "12"},
        ),
        Recipe(
            "bert-sentiment-ft", scripts.huggingface, "huggingface_pytorch", "ml.g5.2xlarge", 8, 1,
            (
                ("train:loss", rf"'loss': {_NUMBER}"),
                ("validation:loss", rf"'eval_loss': {_NUMBER}"),
                ("validation:accuracy", rf"'eval_accuracy': {_NUMBER}"),
                ("learning_rate", rf"'learning_rate': {_NUMBER}"),
            ),
            1.5, 150, curve="overfit", gpu=0.71, gpu_memory=0.82,
            hyperparameters={"model_name": "bert-base-cased", "epochs": "40", "learning_rate": "3e-05", "fp16": "True"},
        ),
        Recipe(
            "wav2vec2-base-de", scripts.tqdm, "pytorch", "ml.p3.8xlarge", 32, 4,
            (
                ("train:loss", rf"loss={_NUMBER}\]"),
                ("validation:loss", rf"validation loss={_NUMBER}"),
            ),
            1.2, 120, curve="nan", gpu=0.84, spot=True,
            hyperparameters={"dataset": "common_voice_de", "lr": "1e-3", "warmup_steps": "50", "fp16": "True"},
        ),
        Recipe(
            "yolo-parts", scripts.coloured, "pytorch", "ml.g4dn.xlarge", 4, 1,
            (
                ("train:box_loss", rf"box_loss={_NUMBER}"),
                ("validation:map50", rf"val_map50={_NUMBER}"),
            ),
            2.0, 162, cpu=0.97, gpu=0.02, gpu_memory=0.31,
            hyperparameters={"imgsz": "1280", "batch": "8", "workers": "1", "epochs": "100"},
        ),
        Recipe(
            "forecast-lstm", scripts.errors, "tensorflow", "ml.c5.4xlarge", 16, 0,
            (
                ("train:error", rf"Train_error={_NUMBER};"),
                ("validation:error", rf"Valid_error={_NUMBER};"),
            ),
            1.0, 100, cpu=0.78, hyperparameters={"context": "168", "horizon": "24", "hidden": "256"},
        ),
        Recipe(
            "mnist-keras", scripts.keras, "tensorflow", "ml.g5.xlarge", 4, 1,
            (
                ("train:loss", rf" loss: {_NUMBER}"),
                ("validation:loss", rf" val_loss: {_NUMBER}"),
                ("train:accuracy", rf" accuracy: {_NUMBER}"),
                ("validation:accuracy", rf" val_accuracy: {_NUMBER}"),
            ),
            1.0, 24, gpu=0.55, gpu_memory=0.4, hyperparameters={"epochs": "20", "batch_size": "128"},
        ),
        Recipe(
            "xgb-churn-nightly", scripts.xgboost, "xgboost", "ml.m5.4xlarge", 16, 0,
            (
                ("train:rmse", rf"train-rmse:{_NUMBER}"),
                ("validation:rmse", rf"validation-rmse:{_NUMBER}"),
            ),
            0.7, 50, cpu=0.92, memory=0.55,
            hyperparameters={"num_round": "500", "max_depth": "8", "eta": "0.1", "objective": "reg:squarederror"},
        ),
        Recipe(
            "t5-summarize", scripts.huggingface, "huggingface_pytorch", "ml.g4dn.2xlarge", 8, 1,
            (
                ("train:loss", rf"'loss': {_NUMBER}"),
                ("validation:loss", rf"'eval_loss': {_NUMBER}"),
            ),
            1.5, 90, gpu=0.88, gpu_memory=0.96,
            hyperparameters={"model_name": "t5-base", "per_device_train_batch_size": "32", "fp16": "False"},
        ),
    )
}
# fmt: on
"""By family, in no order."""
