"""The settings of a training and who is told of its progress; imports no Keras, which a reused model does not need."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from tasks.objective.facts import Objective
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels


@dataclass(frozen=True)
class EpochRecord:
    """The results of one epoch; `seconds` covers the updates and the validation, `train_seconds` the updates alone.

    `val_score` is the metric that decides, with the answers that suit it best; None if that is the validation loss.
    """

    epoch: int
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

    Training ends once the accuracy on validation reaches `solved_at`. `clip_norm` bounds the norm of the gradients. The
    loss of each review is multiplied by the weight of its class. The best epoch is the one that does best on
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

    def describe(self) -> dict[str, Any]:
        """List the settings as plain JSON, class weights and objective only if there are any."""
        settings = TypeAdapter(FitSettings).dump_python(self, mode="json")
        rare = ("class_weights", "objective")
        return {name: value for name, value in settings.items() if name not in rare or value is not None}


class Listener:
    """Is told of a training's progress; this base class does nothing with it."""

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Receive the number of reviews of an epoch that are done."""

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Receive the history after each epoch, whose record is the last one."""


def describe_epoch(history: list[EpochRecord], settings: FitSettings) -> str:
    """Describe the last epoch in one line; the ETA is for all epochs, which early stopping may cut short."""
    last = history[-1]
    eta = last.seconds * (settings.epochs - last.epoch)
    objective = settings.objective
    score = "" if objective is None else f"{objective.title} {objective.sign * (last.val_score or 0.0):.4f}  "
    return (
        f"epoch {last.epoch}/{settings.epochs}  loss {last.loss:.4f}  accuracy {last.accuracy:.4f}  "
        f"val_loss {last.val_loss:.4f}  val_accuracy {last.val_accuracy:.4f}  {score}{last.seconds:.1f} s  "
        f"{last.reviews_per_second:,.0f} reviews/s  ETA {eta:.0f} s"
    )
