"""What leaderboard.json says about a run and its models; scripts rely on the names of the fields."""

from typing import Literal

from pydantic import Field

from tasks.baseline.facts import BoundFacts
from tasks.encode.facts import EncodingChoice
from tasks.encoders.facts import EncoderFacts
from tasks.evaluate.measured import Measured
from tasks.ingest.facts import UnlabelledFacts
from tasks.objective.facts import Objective
from tasks.store.facts import Document, Facts, is_none
from tasks.train.facts import LessonFacts, RegionFacts
from tasks.vectors.facts import VectorFacts

# A mean over seeds; equal counts stay an integer.
Number = int | float
ChanceMetric = Literal["accuracy", "macro-F1"]


class NumReviews(Facts):
    """How many reviews each split has."""

    train: int
    validation: int
    test: int


class LeftOut(Facts):
    """A model with a seed that a time budget left out.

    It might have taken `needed_seconds` more when `left_seconds` were left; None if it did not begin, because the time
    was up.
    """

    name: str
    seed: int
    needed_seconds: float | None
    left_seconds: float


class TimeBudgetFacts(Facts):
    """How many minutes a run had for its models, and which ones did not fit."""

    minutes: float
    left_out: tuple[LeftOut, ...]


class RunFacts(Facts):
    """What ran, on which data, where, and for how long.

    `encoding` says how the texts were encoded and why; it is absent where every variant has its own encoding without
    asking, as for the IMDB reviews. `unlabelled` says what became of the texts without labels, and `teachers` who
    answered for them, by seed; both are absent where no model has learned so. `vectors` says which words of an encoding
    the file of word vectors has, `regions` which embeddings of regions a variant read, and `encoder` with which encoder
    models began; each is absent in a run without one.
    `time_budget` is absent in a run without one. `objective` is the metric that decides, absent if that is accuracy.
    """

    id: str
    dataset: str
    is_fallback: bool
    fallback_reason: str
    label_names: tuple[str, ...]
    num_reviews: NumReviews
    warnings: tuple[str, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    encoding: EncodingChoice | None = Field(default=None, exclude_if=lambda value: value is None)
    unlabelled: UnlabelledFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    teachers: dict[int, LessonFacts] = Field(default_factory=dict, exclude_if=lambda value: not value)
    vectors: dict[str, VectorFacts] = Field(default_factory=dict, exclude_if=lambda value: not value)
    regions: dict[str, RegionFacts] = Field(default_factory=dict, exclude_if=lambda value: not value)
    encoder: EncoderFacts | None = Field(default=None, exclude_if=is_none)
    time_budget: TimeBudgetFacts | None = Field(default=None, exclude_if=is_none)
    limit: int | None
    seeds: int
    objective: Objective | None = Field(default=None, exclude_if=is_none)
    started: str
    seconds: float
    device: str
    peak_memory_mb: int = 0
    versions: dict[str, str]


class Spread(Facts):
    """A metric over seeds: mean, standard deviation (None for one seed) and the bounds of the 95% interval."""

    mean: float
    sd: float | None
    low: float
    high: float


class LeaderboardRow(Measured):
    """One variant, each number a mean over the seeds that trained; None where there is no such number.

    `models` are the folders of its trained models, and `shipped` the one that would be shipped, relative to the
    artifacts' root. `device` names what trained it. `beats_chance` tells whether the shipped model beats a constant
    answer, and `beats_chance_on` on which metric; both are None where this was not tested. `score` is the metric that
    decides, if that is not accuracy. `bounds` says what a baseline left out if not all its n-grams fitted into memory.
    """

    name: str
    group: str
    encoding: str
    seeds: int
    status: Literal["ok", "failed"]
    reason: str | None = None
    accuracy: Spread | None
    score: Spread | None = Field(default=None, exclude_if=is_none)
    validation_accuracy: float | None = None
    macro_precision: float | None
    macro_recall: float | None
    macro_f1: float | None
    roc_auc: float | None
    nll: float | None
    brier: float | None
    ece: float | None
    predict_seconds: float | None = None
    predict_reviews_per_second: float | None = None
    predict_single_per_second: float | None = None
    file_bytes: Number | None = None
    num_params: Number | None = None
    batch_size: Number | None = None
    epochs: Number | None = None
    best_epoch: Number | None = None
    epoch_seconds: float | None = None
    train_seconds: float | None = None
    reviews_per_second: float | None = None
    val_accuracy: float | None = None
    val_loss: float | None = None
    peak_memory_mb: Number | None = None
    jobs: Number | None = None
    device: str | None = None
    models: tuple[str, ...]
    shipped: str | None = None
    tie_group: int | None = None
    beats_baseline: bool | None = None
    beats_chance: bool | None = None
    beats_chance_on: ChanceMetric | None = None
    bounds: BoundFacts | None = Field(default=None, exclude_if=is_none)


class Leaderboard(Document):
    """The part of leaderboard.json that a comparison gives: the run, and a row per variant, best first.

    The package that writes the file adds what is decided later (the gate, drift) in a subclass.
    """

    run: RunFacts
    variants: tuple[LeaderboardRow, ...]
