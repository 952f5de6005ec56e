"""The settings of a training and who is told of its progress; imports no Keras, which a reused model does not need."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from tasks.objective.facts import Objective
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels


@dataclass(frozen=True)
class EpochRecord:
    """The results of an evaluation on validation.

    `seconds` covers the updates since the evaluation before and this one, `train_seconds` the updates alone. `epoch`
    says how many epochs were trained by then, a fraction if there are several evaluations in one; loss and accuracy are
    means over the updates since the evaluation before. `val_score` is the metric that decides, with the answers that
    suit it best; None if that is the validation loss.
    """

    epoch: int | float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    train_seconds: float
    reviews_per_second: float
    val_score: float | None = None


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """Everything that decides a training, except the data and the model.

    The model is evaluated on validation `evaluations_per_epoch` times in each epoch, and `patience` counts evaluations.
    Training ends once the accuracy on validation reaches `solved_at`. `clip_norm` bounds the norm of the gradients. The
    loss of each review is multiplied by the weight of its class. The best evaluation is the one that does best on
    `objective`, or without one the one with the lowest validation loss.
    """

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    seed: int
    kernels: Kernels = "auto"
    device: Device = "auto"
    solved_at: float | None = None
    clip_norm: float | None = None
    class_weights: tuple[float, ...] | None = None
    objective: Objective | None = None
    evaluations_per_epoch: int = 1

    def describe(self) -> dict[str, Any]:
        """List the settings as plain JSON, rare ones only if they are in use."""
        settings = TypeAdapter(FitSettings).dump_python(self, mode="json")
        rare = {"class_weights": None, "objective": None, "evaluations_per_epoch": 1}
        return {name: value for name, value in settings.items() if name not in rare or value != rare[name]}


class Listener:
    """Is told of a training's progress; this base class does nothing with it."""

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Receive the number of reviews of an epoch that are done."""

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Receive the history after each evaluation, whose record is the last one; usually that ends an epoch."""


def measure_epoch(history: list[EpochRecord]) -> float:
    """Return the seconds of an epoch at the pace of the last evaluation and the updates before it."""
    last = history[-1]
    return last.seconds * len(history) / last.epoch


def describe_epoch(history: list[EpochRecord], settings: FitSettings) -> str:
    """Describe the last evaluation in one line; the ETA is for all epochs, which early stopping may cut short."""
    last = history[-1]
    eta = measure_epoch(history) * (settings.epochs - last.epoch)
    objective = settings.objective
    score = "" if objective is None else f"{objective.title} {objective.sign * (last.val_score or 0.0):.4f}  "
    return (
        f"epoch {last.epoch:.4g}/{settings.epochs}  loss {last.loss:.4f}  accuracy {last.accuracy:.4f}  "
        f"val_loss {last.val_loss:.4f}  val_accuracy {last.val_accuracy:.4f}  {score}{last.seconds:.1f} s  "
        f"{last.reviews_per_second:,.0f} reviews/s  ETA {eta:.0f} s"
    )
