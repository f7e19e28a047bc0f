"""Metrics recognised in the logs of jobs that define none: every trainer's format, and no false names."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.definitions import compile_definitions, lines_of
from tui.model.logs import LogEvent
from tui.model.recognise import Recogniser, recognise

KERAS = [
    "Epoch 1/3",
    "\r  1/100 [..............................] - ETA: 3s - loss: 0.6912 - accuracy: 0.5000"
    "\r 50/100 [==============>...............] - ETA: 1s - loss: 0.5000 - accuracy: 0.6000"
    "\r100/100 [==============================] - 3s 12ms/step - loss: 0.4012 - accuracy: 0.8000"
    " - val_loss: 0.5123 - val_accuracy: 0.7000",
    "Epoch 2/3",
    "100/100 ━━━━━━━━━━━━━━━━━━━━ 1s 3ms/step - accuracy: 0.9100 - loss: 0.3000 - val_accuracy: 0.75 - val_loss: nan",
]
HUGGING_FACE = [
    "{'loss': 2.3026, 'grad_norm': 1.25, 'learning_rate': 5e-05, 'epoch': 0.5}",
    "{'loss': 1.7, 'grad_norm': inf, 'learning_rate': 4e-05, 'epoch': 1.0}",
    "{'eval_loss': 1.6, 'eval_accuracy': 0.61, 'eval_runtime': 12.41, 'eval_samples_per_second': 80.5, 'epoch': 1.0}",
    "{'loss': 1.1, 'grad_norm': 0.9, 'learning_rate': 3e-05, 'epoch': 1.5}",
    "{'train_runtime': 412.3, 'train_samples_per_second': 3.2, 'train_loss': 1.4, 'epoch': 2.0}",
]
LIGHTNING = [
    "Epoch 0:  45%|████▌     | 450/1000 [00:12<00:15, 35.71it/s, loss=0.512, v_num=0, train_acc=0.870]",
    "Epoch 0: 100%|██████████| 1000/1000 [00:28<00:00, 35.71it/s, loss=0.4, train_acc=0.9, val_loss_epoch=0.6]",
]
XGBOOST = [
    "[2026-11-22:10:00:00:INFO] No GPUs detected (normal if no gpus installed)",
    "[0]#011train-rmse:5.1#011validation-rmse:5.3",
    "[1]#011train-rmse:4.1#011validation-rmse:4.4",
]
LIGHTGBM = ["[10]\tvalid_0's l2: 0.52\tvalid_0's auc: 0.91", "[20]\tvalid_0's l2: 0.41\tvalid_0's auc: 0.93"]
MNIST = [
    "Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.300039",
    "Train Epoch: 1 [640/60000 (1%)]\tLoss: 1.213470",
    "",
    "Test set: Average loss: 0.0521, Accuracy: 9832/10000 (98%)",
]
IMAGENET = [
    f"Epoch: [0][ {n}0/5005]\tTime  0.512 ( 0.903)\tData  0.01{n}\tLoss 6.9{n}e+00 (6.97e+00)\tAcc@1   0.39 (  0.17)"
    for n in range(1, 5)
]
PLAIN = [
    f"step={n}00 loss=0.{9 - n} lr=0.000{n} ratio_of_mine=3 smoothness=1.{n} took=0.3{n} host=10.0.0.{n}"
    for n in range(1, 6)
]
WORDS = ["Epoch 3 Train Loss: 0.52 Val Loss: 0.61", "Epoch 4 Train Loss: 0.42 Val Loss: 0.55", "final loss: 0.4"]

CORPORA = {
    "keras": (KERAS, {"loss": [0.6912, 0.5, 0.4012, 0.3], "val_loss": [0.5123, "nan"], "val_accuracy": [0.7, 0.75]}),
    "hugging face": (
        HUGGING_FACE,
        {
            "loss": [2.3026, 1.7, 1.1],
            "eval_loss": [1.6],
            "eval_accuracy": [0.61],
            "train_loss": [1.4],
            "grad_norm": [1.25, "inf", 0.9],
            "learning_rate": [5e-05, 4e-05, 3e-05],
        },
    ),
    "lightning": (LIGHTNING, {"loss": [0.512, 0.4], "train_acc": [0.87, 0.9], "val_loss_epoch": [0.6]}),
    "xgboost": (XGBOOST, {"train-rmse": [5.1, 4.1], "validation-rmse": [5.3, 4.4]}),
    "lightgbm": (LIGHTGBM, {"valid_0's l2": [0.52, 0.41], "valid_0's auc": [0.91, 0.93]}),
    "mnist": (MNIST, {"train:loss": [2.300039, 1.21347], "test:loss": [0.0521], "test:accuracy": [98.0]}),
    "imagenet": (IMAGENET, {"Loss": [6.91, 6.92, 6.93, 6.94], "Acc@1": [0.39] * 4}),
    "key=value": (
        PLAIN,
        {
            "loss": [0.8, 0.7, 0.6, 0.5, 0.4],
            "lr": [0.0001, 0.0002, 0.0003, 0.0004, 0.0005],
            "smoothness": [1.1, 1.2, 1.3, 1.4, 1.5],
        },
    ),
    "words": (WORDS, {"train:loss": [0.52, 0.42], "val:loss": [0.61, 0.55], "loss": [0.4]}),
}

NOISE = [
    "2026-11-22 10:00:00,123 sagemaker-training-toolkit INFO     Imported framework sagemaker_pytorch_container",
    "listening on addr=10.0.0.1:8080 pid=4711 version: 1.2.3 torch==2.1.0 python=3.10 cuda: 12.1",
    'SM_HPS={"batch_size":32,"learning_rate":0.001,"dropout":0.1}',
    "error: 404 Not Found, retry=3 after 1.5s; exit code: 137",
    "loss_scale=1024.0 grad_acc_steps: 4 precision=16 accuracy_threshold: 0.95",
    "elapsed: 12.5 eta=0:01:03 mem=3.25GB time=1700000000.123 gpu_temp=61.5",
    "https://bucket.s3.amazonaws.com/model?loss=0.5&x=1 s3://b/loss=0.1/part-0001",
    "git describe: v1.0-3-gabc, date=2026-11-22, host=ip-10-0-0-1.eu-west-1",
]


def read(log: list[str]) -> dict[str, list[float | str]]:
    """What the recognised definitions read, NaN and infinity by name."""
    definitions = compile_definitions(recognise(lines_of(log)[0]))
    found: dict[str, list[float | str]] = {definition.name: [] for definition in definitions.definitions}
    for point in definitions.read([LogEvent(1, 1, "algo-1", "s", line) for line in log]):
        is_number = abs(point.value) < float("inf")
        found[point.metric].append(point.value if is_number else str(point.value))
    assert not definitions.problems
    return found


@pytest.mark.parametrize("trainer", CORPORA)
def test_the_format_of(trainer: str) -> None:
    log, wanted = CORPORA[trainer]
    found = read(log)
    assert {name: found.get(name) for name in wanted} == wanted
    left_over = set(found) - set(wanted)
    assert left_over <= {"accuracy", "Acc@5"}


@pytest.mark.parametrize("trainer", CORPORA)
def test_what_stands_around_it_changes_nothing(trainer: str) -> None:
    log, _ = CORPORA[trainer]
    mixed = [line for pair in zip(NOISE * 9, log, strict=False) for line in pair] + NOISE
    assert read(mixed) == read(log)


def test_addresses_versions_times_and_settings_are_no_metrics() -> None:
    assert recognise(NOISE * 10) == ()


def test_what_tells_how_good_a_model_is_comes_first_and_the_most_frequent_of_it_first() -> None:
    names = [definition.name for definition in recognise(HUGGING_FACE)]
    assert names == ["loss", "eval_loss", "eval_accuracy", "train_loss", "grad_norm", "learning_rate"]


def test_learning_rates_alone_are_offered_only_when_they_come_again() -> None:
    assert recognise(["learning_rate: 0.001"]) == ()


def test_a_line_at_a_time_gives_the_same_as_all_at_once() -> None:
    lines = [*NOISE, *HUGGING_FACE, *PLAIN]
    recogniser = Recogniser()
    for line in lines:
        recogniser.take([line])
    assert recogniser.definitions == recognise(lines)


STAMP = st.datetimes().map(lambda at: at.isoformat(sep=" "))
ADDRESS = st.tuples(*[st.integers(0, 255)] * 4).map(lambda parts: ".".join(map(str, parts)))
PIECE = st.one_of(
    STAMP,
    ADDRESS,
    st.builds("{}:{}".format, ADDRESS, st.integers(1, 65535)),
    st.builds("v{}.{}.{}".format, *[st.integers(0, 99)] * 3),
    st.builds("loss={}".format, ADDRESS),
    st.builds("version={}.{}.{}".format, *[st.integers(0, 99)] * 3),
    st.builds("at={}".format, STAMP),
    st.builds("step {}/{}".format, st.integers(0, 99), st.integers(1, 99)),
    st.builds("took {:.2f}s".format, st.floats(0, 99)),
    st.builds("size={:.2f}".format, st.floats(0, 99)),
    st.sampled_from(["INFO", "worker", "epoch 3", "rank=0"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECE, max_size=6).map(" ".join), max_size=12))
def test_no_name_comes_of_times_versions_addresses_and_sizes(lines: list[str]) -> None:
    assert recognise(lines * 3) == ()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_is_borne_and_what_is_offered_compiles(lines: list[str]) -> None:
    offered = recognise(lines * 3)
    assert offered == recognise(lines * 3)
    assert not compile_definitions(offered).problems


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=8))
def test_every_number_is_read_as_it_was_written(values: list[float]) -> None:
    assert read([f"step {n}: loss={value!r}, acc=1.0" for n, value in enumerate(values)])["loss"] == values


@pytest.mark.parametrize("bait", ["a" * 300_000, "loss: " * 60_000, "a.b-c/d:" * 40_000, "loss" + " " * 300_000])
def test_a_gigantic_line_takes_no_time(bait: str) -> None:
    began = time.process_time()
    recognise([bait, f"{bait}=0.5"])
    assert time.process_time() - began < 30  # what looks back from each character takes hours
