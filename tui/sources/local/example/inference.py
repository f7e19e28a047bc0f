"""Serves what train.py leaves, by the contract of SageMaker's inference toolkit."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def model_fn(model_dir: str) -> dict[str, Array]:
    """The weights."""
    with np.load(os.path.join(model_dir, "weights.npz"), allow_pickle=False) as file:  # noqa: PTH118
        return {name: file[name] for name in file.files}


def predict_fn(data: object, model: dict[str, Array]) -> Array:
    """The curve at these places: `[[0.1], [0.2]]`, or `[0.1, 0.2]`."""
    x = np.asarray(data, dtype=float).reshape(-1, 1)
    return np.asarray(np.tanh(x @ model["first"] + model["bias"]) @ model["second"])
