"""What a learning curve says: the accuracy of each model at each size, the law that fits it, and what follows."""

from typing import Final

from tasks.compare.results import ModelResult
from tasks.store.facts import Document, Facts

FILE: Final = "curve.json"


class Entry(Facts):
    """A model that was trained on a share of the training reviews, or failed; the numbers count its reviews."""

    share: float
    num_train: int
    num_validation: int
    result: ModelResult


class Cell(Facts):
    """One trained model with one seed at one size; a row of curve.csv. `folder` is relative to the artifacts' root."""

    model: str
    group: str
    seed: int
    share: float
    num_train: int
    num_validation: int
    accuracy: float
    val_accuracy: float
    train_seconds: float
    folder: str


class Estimate(Facts):
    """A number and the bounds of its 95% interval."""

    mean: float
    low: float
    high: float


class Point(Estimate):
    """The mean accuracy of a model at a size over its seeds; `num_train` is the mean number of training reviews."""

    model: str
    share: float
    num_train: int
    num_seeds: int


class PowerLaw(Facts):
    """The expected error after n training reviews: floor + scale * (n / unit) ** -exponent."""

    floor: float
    scale: float
    exponent: float
    unit: int


class Expected(Estimate):
    """The accuracy that a law expects after so many training reviews."""

    num_train: int


class Check(Facts):
    """The largest size left out: the accuracy that the law of the smaller sizes `expected` there, and the measured one.

    It `is_foreseen` if the 95% interval of expected minus measured, `gap`, contains zero.
    """

    num_train: int
    expected: Estimate
    measured: float
    gap: Estimate
    is_foreseen: bool


class Growth(Facts):
    """How the accuracy of a model grows: its law, what it expects up to twice the reviews, and its test.

    `gain` is the accuracy that twice the training reviews would bring. `check` is None with fewer than four sizes.
    """

    model: str
    law: PowerLaw
    expected: tuple[Expected, ...]
    gain: Estimate
    check: Check | None


class Winner(Facts):
    """The model with the highest mean accuracy at a size, and those that do not differ from it significantly.

    `beats_chance` is False if no model at this size does. `rival` is the most accurate of the `tied` models, `lead` the
    share of reviews by which the best is ahead of it, and `num_test_reviews` how many would show such a lead in 80 of
    100 cases; None if there is no rival, or if the two are level.
    """

    share: float
    num_train: int
    best: str
    tied: tuple[str, ...]
    beats_chance: bool
    rival: str | None = None
    lead: float | None = None
    num_test_reviews: int | None = None


class Findings(Facts):
    """What the learning curves of several models on one dataset show.

    `growths` are by model, best first, of those with at least three sizes; `winners` are by size, smallest first;
    `constant_accuracy` is that of the label that is commonest in training.
    """

    points: tuple[Point, ...]
    growths: tuple[Growth, ...]
    winners: tuple[Winner, ...]
    constant_accuracy: float


class Curves(Document, Findings):
    """Learning curves, and the trained models that they were measured with."""

    cells: tuple[Cell, ...]


class CurveFacts(Facts):
    """What the manifest says about learning curves."""

    num_models: int


class CurveRun(Facts):
    """The run of a learning curve as a whole.

    `num_reviews` are those of the whole splits, `hashes` those of their files. `left_out` says in sentences which sizes
    are missing, `failed` which trainings.
    """

    id: str
    dataset: str
    is_fallback: bool
    fallback_reason: str
    label_names: tuple[str, ...]
    num_reviews: dict[str, int]
    hashes: dict[str, str]
    sizes: tuple[str, ...]
    left_out: tuple[str, ...]
    seeds: int
    failed: tuple[str, ...]
    started: str
    seconds: float
    device: str
    versions: dict[str, str]


class LearningCurve(Curves):
    """The content of curve.json: the run and the curves that it measured."""

    run: CurveRun
