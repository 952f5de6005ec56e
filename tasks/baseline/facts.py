"""What the manifest of a fitted baseline says about it, and the settings that its bundle keeps."""

from pydantic import Field, JsonValue

from tasks.baseline.baselines import Unit, Weighting
from tasks.store.facts import Facts, is_empty, is_none


class BoundFacts(Facts):
    """What became of n-grams that would not fit into `memory` bytes.

    The `num_ngrams` that are in the most training texts are known, and `num_left_out` more that are in enough texts are
    not. While they were counted, the rarest were dropped at times, so a count may lack `most_missed` texts.
    """

    memory: int
    num_ngrams: int
    num_left_out: int
    most_missed: int


class LatentFacts(Facts):
    """In which texts the latent dimensions of a baseline were found.

    `num_unlabelled` of the `num_texts` have no label and come from the `dataset`.
    """

    num_dimensions: int
    num_texts: int
    num_unlabelled: int = 0
    dataset: str | None = None

    def describe(self) -> str:
        """Describe them: "256 dimensions of 22,500 training texts and 900 texts without labels from more"."""
        more = f" and {self.num_unlabelled:,} texts without labels from {self.dataset}" if self.dataset else ""
        return f"{self.num_dimensions} dimensions of {self.num_texts - self.num_unlabelled:,} training texts{more}"


class BaselineFacts(Facts):
    """The numbers of one fit; it has no epochs and no batches, so the fields about these are None.

    `train_seconds` covers everything, including reading and validation. `jobs` is how many models were trained at a
    time, each on its share of the cores. Older manifests have no `description`; `definition` is that of a baseline of
    one's own. `bounds` is there if not all n-grams fitted into memory, and `latent` if there are latent dimensions.
    """

    num_params: int
    device: str
    peak_memory_mb: int
    batch_size: None = None
    epochs: None = None
    best_epoch: None = None
    train_accuracy: float
    train_loss: float
    val_accuracy: float
    val_loss: float
    train_seconds: float
    epoch_seconds: None = None
    reviews_per_second: float
    jobs: int = 1
    description: str | None = None
    definition: dict[str, JsonValue] | None = None
    bounds: BoundFacts | None = Field(default=None, exclude_if=is_none)
    latent: LatentFacts | None = Field(default=None, exclude_if=is_none)


class BaselineSettings(Facts):
    """Everything that decides a baseline, except the data; see `Baseline`. Older ones lack `unit` and `smoothing`.

    `class_weights` multiply the losses of the reviews of each class. `memory` is the budget in bytes, if not all
    n-grams fitted into it.
    """

    seed: int
    weighting: Weighting
    max_order: int
    unit: Unit = "words"
    min_texts: int
    inverse_penalty: float
    smoothing: float = 1.0
    num_dimensions: int = Field(default=0, exclude_if=is_empty)
    class_weights: tuple[float, ...] | None = Field(default=None, exclude_if=is_none)
    memory: int | None = Field(default=None, exclude_if=is_none)
