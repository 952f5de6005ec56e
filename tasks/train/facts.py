"""What the manifest of a trained network says about it."""

from typing import Literal

from pydantic import Field, JsonValue

from tasks.encoders.facts import EncoderFacts
from tasks.store.facts import Facts, is_none
from tasks.vectors.facts import VectorFacts


class HistoryFacts(Facts):
    """The numbers of a training that come from its epochs; accuracies and losses are those of the best evaluation.

    `epochs` and `best_epoch` say how many epochs were trained by the last and by the best evaluation: fractions if
    there are several in an epoch. `epoch_seconds` and `reviews_per_second` are medians over the epochs and cover the
    updates alone, so compiling in the first epoch does not count; `train_seconds` covers everything, including
    validation and compiling.
    """

    batch_size: int
    epochs: int | float
    best_epoch: int | float
    train_accuracy: float
    train_loss: float
    val_accuracy: float
    val_loss: float
    train_seconds: float
    epoch_seconds: float
    reviews_per_second: float


class LessonFacts(Facts):
    """Texts without labels from which a student learns, and its teacher: models, each with its weight.

    `dataset` names the texts. The teacher's answer is a weighted sum of log-probabilities, whose accuracy and loss are
    those on validation reviews that the weights were not fitted on.
    """

    dataset: str
    num_texts: int
    teacher: dict[str, float]
    val_accuracy: float
    val_loss: float


class RegionFacts(Facts):
    """The embeddings of regions of words, `dim` numbers for each, and what they took to learn.

    `num_texts` were read in each of the `epochs`; `num_unlabelled` of them have no label and come from the `dataset`.
    `seconds` cover what was computed here: less than all if an interrupted attempt had begun.
    """

    dim: int
    num_texts: int
    num_unlabelled: int
    epochs: int
    seconds: float
    dataset: str | None = None

    def describe(self) -> str:
        """Describe them: "288 numbers for each region, learned from 22,500 training texts in 7 epochs and 90 s"."""
        more = f" and {self.num_unlabelled:,} texts without labels from {self.dataset}" if self.dataset else ""
        texts = f"{self.num_texts - self.num_unlabelled:,} training texts{more}"
        took = f"{self.epochs} epochs and {self.seconds:.0f} s"
        return f"{self.dim} numbers for each region, learned from {texts} in {took}"


class TrainingFacts(HistoryFacts):
    """The numbers of one training, what it ran on, and what was trained; `kernel` names the code that computed it.

    `instructions` names the set of instructions with which the C library computed it, None where it took no part.
    `jobs` is how many models were trained at a time, each on its share of the cores. `definition` is that of a variant
    of one's own. `lessons` are what a student has learned besides the labels. `vectors` are those that its word vectors
    began as, None if they were drawn at random. `encoder` is the pretrained one that the model began with, if any, and
    `regions` are the embeddings that it reads; learning them is not part of `train_seconds`.
    `most_unknown` is the largest share of tokens that the model cannot know in a text that it was trained on.
    """

    num_params: int
    device: str
    kernel: str
    instructions: str | None = None
    peak_memory_mb: int
    encoding: str
    description: str
    jobs: int = 1
    definition: dict[str, JsonValue] | None = None
    lessons: LessonFacts | None = None
    vectors: VectorFacts | None = None
    encoder: EncoderFacts | None = Field(default=None, exclude_if=is_none)
    regions: RegionFacts | None = Field(default=None, exclude_if=is_none)
    most_unknown: float | None = None


class TextVectorFacts(Facts):
    """The vectors of `dim` numbers that an encoder gives the training and validation texts, and what they took.

    `seconds` cover what was computed here: less than all if an interrupted attempt had begun.
    """

    dim: int
    num_texts: int
    seconds: float
    device: str


class DeviceFacts(Facts):
    """The device that was faster, and the seconds of an update on each; None, with the reason, where it failed."""

    device: Literal["cpu", "gpu"]
    cpu_seconds: float | None
    gpu_seconds: float | None
    failures: tuple[str, ...] = ()

    def describe(self) -> str:
        """Describe the measurement: "on the CPU: 2.3 ms an update, 3.4 ms on the GPU"."""
        own, other = (self.cpu_seconds, self.gpu_seconds)[:: 1 if self.device == "cpu" else -1]
        shown = [f"{1_000 * it:.1f} ms" if it is not None else "failed" for it in (own, other)]
        names = ("CPU", "GPU") if self.device == "cpu" else ("GPU", "CPU")
        return f"on the {names[0]}: {shown[0]} an update, {shown[1]} on the {names[1]}"
