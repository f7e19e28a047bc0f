"""What training scripts print, as people have it: one function a format, a line an event."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tui.demo.curves import Values


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a job on one host."""

    step: int
    epoch: int
    in_epoch: int
    epoch_steps: int
    epochs: int
    host: int
    hosts: int
    values: Values
    chance: float
    """Between -1 and 1, other for each step: for what happens now and then."""

    @property
    def ends_epoch(self) -> bool:
        """Whether this is an epoch's last step, after which the first host validates."""
        return self.in_epoch == self.epoch_steps - 1

    @property
    def validates(self) -> bool:
        """Whether this host prints the epoch's validation."""
        return self.ends_epoch and self.host == 1


Script = Callable[[Moment], list[str]]


def pytorch(now: Moment) -> list[str]:
    """PyTorch's ImageNet example."""
    loss, accuracy = now.values.loss, now.values.accuracy * 100
    spent = 0.34 + 0.03 * now.chance
    lines = [
        f"Epoch: [{now.epoch}][{now.in_epoch * 10:5d}/{now.epoch_steps * 10}]\t"
        f"Time {spent:6.3f} ({spent + 0.01:6.3f})\t"
        f"Data {0.012 + 0.01 * abs(now.chance):6.3f} ( 0.020)\tLoss {loss:.4e} ({loss * 1.01:.4e})\t"
        f"Acc@1 {accuracy:6.2f} ({accuracy - 0.4:6.2f})\tAcc@5 {min(99.9, accuracy + 17):6.2f} ({accuracy + 16:6.2f})"
    ]
    if now.host == 2 and now.chance > 0.6:
        lines.append(f"[W] dataloader worker 3 slow: {int(500 + 400 * now.chance)} ms")
    if now.validates:
        lines.append(f" * Acc@1 {now.values.valid_accuracy * 100:.3f} Acc@5 91.204 loss={now.values.valid_loss:.4f}")
        lines.append(f"saved checkpoint /opt/ml/checkpoints/epoch-{now.epoch:03d}.pt")
    return lines


def huggingface(now: Moment) -> list[str]:
    """Hugging Face's Trainer: a dict a line."""
    epoch = round(now.epoch + (now.in_epoch + 1) / now.epoch_steps, 2)
    train = {
        "loss": round(now.values.loss, 4),
        "grad_norm": round(1.4 + 0.8 * now.chance, 4),
        "learning_rate": float(f"{now.values.rate:.4g}"),
        "epoch": epoch,
    }
    lines = [str(train)]
    if now.validates:
        evaluated = {
            "eval_loss": round(now.values.valid_loss, 4),
            "eval_accuracy": round(now.values.valid_accuracy, 4),
            "eval_runtime": 12.41,
            "eval_samples_per_second": 80.58,
            "epoch": epoch,
        }
        lines += [str(evaluated), f"Saving model checkpoint to /opt/ml/checkpoints/checkpoint-{now.step + 1}"]
    return lines


def keras(now: Moment) -> list[str]:
    """Keras: a bar that is drawn over itself with carriage returns, and a summary at the end of an epoch."""
    lines = [f"Epoch {now.epoch + 1}/{now.epochs}"] if now.in_epoch == 0 else []
    measured = f"loss: {now.values.loss:.4f} - accuracy: {now.values.accuracy:.4f}"
    total = 469
    if now.ends_epoch:
        validated = f"val_loss: {now.values.valid_loss:.4f} - val_accuracy: {now.values.valid_accuracy:.4f}"
        return [*lines, f"{total}/{total} [{'=' * 30}] - 12s 25ms/step - {measured} - {validated}"]
    done = total * (now.in_epoch + 1) // now.epoch_steps
    frames = []
    for at in (done - 8, done - 4, done):
        bars = 30 * max(at, 1) // total
        frames.append(
            f"{max(at, 1):3d}/{total} [{'=' * bars}>{'.' * (29 - bars)}] - ETA: {(total - at) // 40}s - {measured}"
        )
    return [*lines, "\r".join(frames)]


def xgboost(now: Moment) -> list[str]:
    """SageMaker's XGBoost, whose tabs CloudWatch shows as #011."""
    train, validation = now.values.loss / 4, now.values.valid_loss / 4
    return [f"[{now.step}]#011train-rmse:{train:.5f}#011validation-rmse:{validation:.5f}"]


def tqdm(now: Moment) -> list[str]:
    """A tqdm bar: several states in one event, parted by carriage returns."""
    total, frames = 1000, []
    for part in (1, 2, 3):
        done = total * (now.in_epoch * 3 + part) // (now.epoch_steps * 3)
        full = 10 * done // total
        bar = "█" * full + ("▍" if full < 10 else "") + " " * (9 - full)
        left = (total - done) // 4
        frames.append(
            f"Epoch {now.epoch}: {100 * done // total:3d}%|{bar}| {done}/{total} "
            f"[{done // 240:02d}:{done // 4 % 60:02d}<{left // 60:02d}:{left % 60:02d}, 4.02it/s, "
            f"loss={now.values.loss:.3f}]"
        )
    lines = ["\r".join(frames)]
    if now.validates:
        lines.append(
            f"epoch {now.epoch} validation loss={now.values.valid_loss:.4f} wer={1 - now.values.valid_accuracy:.3f}"
        )
        if math.isnan(now.values.valid_loss):
            lines.append("WARNING: loss is nan, gradient update skipped (scale 1.0)")
    return lines


def coloured(now: Moment) -> list[str]:
    """A logger that colours, in a job whose data comes too slowly."""
    lines = [
        f"\x1b[32mINFO\x1b[0m \x1b[2mtrain\x1b[0m step \x1b[1m{now.step}\x1b[0m "
        f"\x1b[36mbox_loss={now.values.loss:.4f}\x1b[0m img/s=\x1b[1m{41 + 6 * now.chance:.1f}\x1b[0m"
    ]
    if now.chance > 0.25:
        lines.append(f"\x1b[33mWARNING\x1b[0m dataloader: the GPU waited {1.4 + now.chance:.2f} s for the next batch")
    if now.validates:
        lines.append(
            f"\x1b[32mINFO\x1b[0m \x1b[2mvalid\x1b[0m \x1b[35mval_map50={now.values.valid_accuracy:.4f}\x1b[0m"
        )
    return lines


def errors(now: Moment) -> list[str]:
    """A script of one's own: `Train_error=0.138318; Valid_error=0.324557;`."""
    return [f"Train_error={now.values.loss / 6:.6f}; Valid_error={now.values.valid_loss / 6:.6f};"]


PREAMBLE = (
    "bash: cannot set terminal process group (-1): Inappropriate ioctl for device",
    "bash: no job control in this shell",
    "sagemaker-training-toolkit INFO     Imported framework sagemaker_{framework}_container.training",
    "sagemaker-training-toolkit INFO     Failed to parse hyperparameter name value {family} to Json.",
    "sagemaker-training-toolkit INFO     Invoking user script",
    "SM_HOSTS={hosts}",
    "SM_NUM_GPUS={gpus}",
    "SM_MODEL_DIR=/opt/ml/model",
    "/opt/conda/bin/python3.11 train.py {arguments}",
)

TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/opt/ml/code/train.py", line 214, in <module>',
    "    main(parse_arguments())",
    '  File "/opt/ml/code/train.py", line 187, in main',
    "    loss = step(model, batch, optimizer)",
    '  File "/opt/ml/code/train.py", line 131, in step',
    "    output = model(**batch)",
    '  File "/opt/conda/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1532, in _wrapped_call_impl',
    "    return self._call_impl(*args, **kwargs)",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB. GPU 0 has a total capacity of "
    "14.58 GiB of which 1.03 GiB is free.",
    "sagemaker-training-toolkit ERROR    Reporting training FAILURE",
    "sagemaker-training-toolkit ERROR    ExecuteUserScriptError: ExitCode 1",
)

FAILURE = (
    "AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n"
    'ErrorMessage "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB. GPU 0 has a total '
    'capacity of 14.58 GiB of which 1.03 GiB is free."\nCommand "/opt/conda/bin/python3.11 train.py"'
)
