"""Metrics by their names: which belong on one chart, which one leads, and what they are called there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.series import leading_metric, pair_series, short_labels


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["train:loss", "validation:loss"], [("train:loss", "validation:loss")]),
        (["validation:loss", "train:loss"], [("train:loss", "validation:loss")]),
        (["Train_error", "Valid_error"], [("Train_error", "Valid_error")]),
        (["train-rmse", "validation-rmse"], [("train-rmse", "validation-rmse")]),
        (["train:mlogloss", "eval:mlogloss"], [("train:mlogloss", "eval:mlogloss")]),
        (["train_loss", "eval_loss", "epoch"], [("train_loss", "eval_loss"), ("epoch",)]),
        (["loss", "grad_norm", "eval_loss"], [("loss", "eval_loss"), ("grad_norm",)]),
        (
            ["loss", "accuracy", "val_loss", "val_accuracy"],
            [("loss", "val_loss"), ("accuracy", "val_accuracy")],
        ),
        (["acc", "val_accuracy"], [("acc", "val_accuracy")]),
        (["train_loss_epoch", "val_loss"], [("train_loss_epoch", "val_loss")]),
        (["loss/train", "loss/val"], [("loss/train", "loss/val")]),
        (["trainLoss", "valLoss"], [("trainLoss", "valLoss")]),
        (["mAP", "validation:mAP"], [("mAP", "validation:mAP")]),
        (["training's l2", "valid_1's l2"], [("training's l2", "valid_1's l2")]),
        (["validation_0-rmse", "validation_1-rmse"], [("validation_0-rmse", "validation_1-rmse")]),
        (["test:loss", "train:loss", "validation:loss"], [("train:loss", "validation:loss", "test:loss")]),
        (["train:accuracy", "validation:loss"], [("train:accuracy",), ("validation:loss",)]),
        (["Loss", "loss"], [("Loss",), ("loss",)]),
        (["train", "validation"], [("train",), ("validation",)]),
        (["ObjectiveMetric"], [("ObjectiveMetric",)]),
        ([], []),
    ],
)
def test_train_and_validation_are_paired_by_name(names: list[str], groups: list[tuple[str, ...]]) -> None:
    assert list(pair_series(names)) == groups


@given(st.lists(st.text(max_size=20), max_size=12))
def test_every_metric_is_in_one_group_whatever_it_is_called(names: list[str]) -> None:
    grouped = [name for group in pair_series(names) for name in group]
    assert sorted(grouped) == sorted(set(names))


@pytest.mark.parametrize(
    ("names", "leading"),
    [
        (["train:loss", "validation:loss", "validation:accuracy"], "validation:loss"),
        (["test:loss", "train:loss", "validation:loss"], "validation:loss"),
        (["accuracy", "loss", "val_accuracy", "val_loss"], "val_loss"),
        (["loss", "grad_norm", "learning_rate", "eval_loss"], "eval_loss"),
        (["lr", "Train_error", "Valid_error"], "Valid_error"),
        (["train:rmse", "validation:rmse"], "validation:rmse"),
        (["img/s", "loss"], "loss"),
        (["img/s", "train:error"], "train:error"),
        (["throughput", "ObjectiveMetric"], "throughput"),
        ([], None),
    ],
)
def test_the_leading_metric_is_a_loss_on_validation_where_there_is_one(names: list[str], leading: str | None) -> None:
    assert leading_metric(names) == leading


@pytest.mark.parametrize(
    ("names", "common", "labels"),
    [
        (["train:loss", "validation:loss"], "loss", ("train", "validation")),
        (["loss/train", "loss/val"], "loss", ("train", "val")),
        (["Train_error", "Valid_error"], "error", ("Train", "Valid")),
        (["loss", "val_loss"], "loss", ("loss", "val_loss")),
        (["trainLoss", "valLoss"], "", ("trainLoss", "valLoss")),
        (["loss", "accuracy"], "", ("loss", "accuracy")),
        (["loss"], "loss", ("loss",)),
        ([], "", ()),
    ],
)
def test_labels_say_what_tells_metrics_apart(names: list[str], common: str, labels: tuple[str, ...]) -> None:
    assert short_labels(names) == (common, labels)


@given(st.lists(st.text(max_size=12), max_size=5))
def test_every_metric_has_a_label(names: list[str]) -> None:
    assert len(short_labels(names)[1]) == len(names)
