"""What a metric's name says of which way it should go."""

from __future__ import annotations

from typing import Literal

from tui.model.series import words_of

Direction = Literal["down", "up", ""]
"""Where a healthy run takes it: losses and errors down, accuracies up, anything else nowhere in particular."""

# fmt: off
_DOWN = frozenset({
    "loss", "logloss", "mlogloss", "nll", "crossentropy", "cost", "error", "errors", "merror", "rmse", "rmsle", "mae",
    "mape", "mse", "perplexity", "wer", "cer", "deviance",
})
_UP = frozenset({
    "accuracy", "auc", "f", "map", "ap", "precision", "recall", "iou", "miou", "dice", "bleu", "rouge", "ndcg", "hits",
})
# Losses of parts that play against each other, terms that may grow, and what only has `loss` in its name.
_NEITHER = frozenset({
    "generator", "discriminator", "gen", "disc", "g", "d", "gan", "adversarial", "adv", "critic", "actor", "policy",
    "value", "q", "td", "entropy", "kl", "kld", "reg", "regularization", "regularizer", "penalty", "l", "aux",
    "commitment", "real", "fake", "scale", "rate", "lr", "ratio", "coefficient", "coef", "weight", "weights", "clip",
    "reward", "return", "temperature", "alpha", "beta", "learning",
})
# fmt: on


def direction(name: str) -> Direction:
    """Which way a metric goes in a healthy run, as far as its name says."""
    words = set(words_of(name))
    if {"cross", "entropy"} <= words:
        words = words - {"cross", "entropy"} | {"crossentropy"}
    if words & _NEITHER or is_gradient_norm(name):
        return ""
    if words & _DOWN:
        return "down"
    return "up" if words & _UP else ""


def is_gradient_norm(name: str) -> bool:
    """Whether it is a norm of gradients: `grad_norm`, `train/gradient_norm/layer1`."""
    words = words_of(name)
    joined = "".join(words)
    return any(word.startswith("grad") for word in words) and "norm" in joined
