"""How a training is run and who hears of it; free of Keras, so that a reused model costs no import."""

from dataclasses import dataclass

from tasks.train.kernels.choice import Kernels


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch gave; `seconds` covers the updates and the validation, `train_seconds` the updates alone."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    train_seconds: float
    reviews_per_second: float


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """Everything that decides a training, the data and the model apart.

    From an accuracy of `solved_at` on validation on, there is nothing left to learn. `clip_norm` bounds the gradients'.
    """

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    seed: int
    kernels: Kernels = "auto"
    solved_at: float | None = None
    clip_norm: float | None = None


class Listener:
    """Is told of a training's progress; this one does nothing with it."""

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Hear how many reviews of an epoch are done."""

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Hear that an epoch is whole; its record is the last."""


def describe_epoch(history: list[EpochRecord], settings: FitSettings) -> str:
    """Put the last epoch into one line; the ETA is for all epochs, which early stopping may cut short."""
    last = history[-1]
    eta = last.seconds * (settings.epochs - last.epoch)
    return (
        f"epoch {last.epoch}/{settings.epochs}  loss {last.loss:.4f}  accuracy {last.accuracy:.4f}  "
        f"val_loss {last.val_loss:.4f}  val_accuracy {last.val_accuracy:.4f}  {last.seconds:.1f} s  "
        f"{last.reviews_per_second:,.0f} reviews/s  ETA {eta:.0f} s"
    )
