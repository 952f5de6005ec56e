"""What the manifest of an ensemble says about it, and the settings that its bundle keeps."""

from typing import Final

from pydantic import Field, JsonValue

from tasks.baseline.facts import LatentFacts
from tasks.encoders.facts import EncoderFacts
from tasks.store.facts import Facts, is_none
from tasks.train.facts import LessonFacts, RegionFacts
from tasks.train.kernels.choice import Kernels
from tasks.vectors.facts import VectorFacts

# The name of the ensemble in runs and folders.
STACK: Final = "ensemble-stacked"


class EnsembleFacts(Facts):
    """The numbers of an ensemble; it has no epochs and no batches, and has not seen the training split itself.

    `num_params` and `train_seconds` are sums over the members, `peak_memory_mb` and `jobs` the largest of theirs.
    `val_accuracy` and `val_loss` are those on validation reviews that the weights were not fitted on, fold by fold.
    `lessons` are those of its students, if it has any, and `vectors`, `encoder` and `regions` those that members
    began with; of several embeddings of regions, that of most texts. `latent` are likewise the latent dimensions.
    """

    num_params: int
    device: str
    peak_memory_mb: int
    description: str
    batch_size: None = None
    epochs: None = None
    best_epoch: None = None
    train_accuracy: None = None
    train_loss: None = None
    val_accuracy: float
    val_loss: float
    train_seconds: float
    epoch_seconds: None = None
    reviews_per_second: None = None
    jobs: int = 1
    lessons: LessonFacts | None = None
    vectors: VectorFacts | None = None
    encoder: EncoderFacts | None = Field(default=None, exclude_if=is_none)
    regions: RegionFacts | None = Field(default=None, exclude_if=is_none)
    latent: LatentFacts | None = Field(default=None, exclude_if=is_none)


class EnsembleSettings(Facts):
    """What decides an ensemble; all but `members` is how its networks were trained.

    `batch_size` and `evaluations_per_epoch` are None if each was trained with its own, and `class_weights` is None if
    all classes weigh the same. `definitions` are those of members of one's own, by name.
    """

    seed: int
    kernels: Kernels
    epochs: int
    patience: int
    batch_size: int | None
    evaluations_per_epoch: int | None = Field(default=None, exclude_if=is_none)
    class_weights: tuple[float, ...] | None = Field(default=None, exclude_if=is_none)
    members: tuple[str, ...] = ()
    definitions: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
