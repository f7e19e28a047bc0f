"""A small real model that overfits: a network of one hidden layer learns a noisy curve from a few points.

Written for SageMaker: hyperparameters are arguments, folders come from SM_* variables, and it runs unchanged there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def points(count: int, noise: float, generator: np.random.Generator) -> tuple[Array, Array]:
    """So many places between -1 and 1, and what was measured there."""
    x = generator.uniform(-1, 1, (count, 1))
    return x, np.sin(4 * x) + generator.normal(0, noise, (count, 1))


def features(width: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """The first layer's weights and biases, spread over the places there are."""
    weights = generator.normal(0, 6, (1, width))
    return weights, -weights * generator.uniform(-1, 1, (1, width))


def main() -> None:
    """Train, say after each epoch how far it is, and leave the model and the code that serves it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--hidden", type=int, default=80)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--seconds-per-epoch", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR", "model"))
    given = parser.parse_args()

    generator = np.random.default_rng(given.seed)
    train_x, train_y = points(24, 0.35, generator)
    valid_x, valid_y = points(200, 0.35, generator)
    first, bias = features(given.hidden, generator)
    second = np.zeros((given.hidden, 1))
    weights = [first, bias, second]
    momentum = [np.zeros_like(part) for part in weights]
    square = [np.zeros_like(part) for part in weights]

    for epoch in range(1, given.epochs + 1):
        began = time.perf_counter()
        for _ in range(5):
            first, bias, second = weights
            hidden = np.tanh(train_x @ first + bias)
            wrong = (hidden @ second - train_y) * 2 / len(train_x)
            back = wrong @ second.T * (1 - hidden**2)
            for at, slope in enumerate((train_x.T @ back, back.sum(0, keepdims=True), hidden.T @ wrong)):
                momentum[at] = 0.9 * momentum[at] + 0.1 * slope
                square[at] = 0.999 * square[at] + 0.001 * slope**2
                weights[at] = weights[at] - given.learning_rate * momentum[at] / (np.sqrt(square[at]) + 1e-8)
        train, valid = (error(weights, *data) for data in ((train_x, train_y), (valid_x, valid_y)))
        print(f"epoch {epoch}/{given.epochs} Train_error={train:.4f} Valid_error={valid:.4f}", flush=True)  # noqa: T201  # the log is what it is for
        time.sleep(max(given.seconds_per_epoch - (time.perf_counter() - began), 0))

    given.model_dir.mkdir(parents=True, exist_ok=True)
    np.savez(given.model_dir / "weights.npz", first=weights[0], bias=weights[1], second=weights[2])
    code = given.model_dir / "code"
    code.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("inference.py"), code)


def error(weights: list[Array], x: Array, y: Array) -> float:
    """The mean square error."""
    first, bias, second = weights
    return float(np.mean((np.tanh(x @ first + bias) @ second - y) ** 2))


if __name__ == "__main__":
    main()
