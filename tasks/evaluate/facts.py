"""What an evaluation says about a model: its scores, and bundle.json, by which the model is used later."""

from typing import Final, Literal

from pydantic import Field, JsonValue, field_validator

from tasks.baseline.facts import BaselineFacts, BaselineSettings
from tasks.encode.encodings import Kind
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.measured import Measured
from tasks.evaluate.model_files import KindOfModel
from tasks.objective.facts import Objective, Rule
from tasks.store.facts import Document, Facts, is_none
from tasks.store.outputs import Manifest
from tasks.train.facts import TrainingFacts
from tasks.train.settings import FitSettings

BUNDLE_FILE: Final = "bundle.json"
# Of an encoding, in tokens; a batch of such texts takes two gigabytes.
LONGEST: Final = 100_000
# For a model of any kind: the facts of its training, and the manifest of its files.
AnyTraining = TrainingFacts | BaselineFacts | EnsembleFacts
ModelManifest = Manifest[TrainingFacts] | Manifest[BaselineFacts] | Manifest[EnsembleFacts]


class SparseConfusion(Facts):
    """The cells of a confusion matrix that are not zero: true label, predicted label and count of each.

    Labels are indices below `num_classes`.
    """

    num_classes: int
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    counts: tuple[int, ...]


class Scores(Measured):
    """The metrics of one model on one split, including those that only the table of metrics knows.

    `confusion` counts reviews by true label in rows and predicted label in columns; that of many classes is sparse.
    """

    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    roc_auc: float | None
    nll: float
    brier: float
    ece: float
    confusion: tuple[tuple[int, ...], ...] | SparseConfusion


class ReliabilityBin(Facts):
    """How many reviews have a confidence above `low` and up to `high`, their mean confidence, and their accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


class CalibrationScores(Facts):
    """How well probabilities are calibrated, in numbers and by bins of confidence."""

    nll: float
    brier: float
    ece: float
    reliability: tuple[ReliabilityBin, ...]


class CalibrationFacts(Facts):
    """Calibration on the test split before and after the temperature is applied."""

    before: CalibrationScores
    after: CalibrationScores


class EvaluationFacts(Scores):
    """The scores on the test split, those on validation, how probabilities become decisions, and speed and size.

    Temperature, threshold and rule were chosen on the validation split alone; only more than two labels may have a
    rule, and only an evaluation for another metric than accuracy has an objective. `predict_speeds` are several
    measurements of the reviews scored per second; older evaluations have none.
    """

    temperature: float
    threshold: float
    rule: Rule | None = Field(default=None, exclude_if=is_none)
    objective: Objective | None = Field(default=None, exclude_if=is_none)
    calibration: CalibrationFacts
    validation: Scores
    predict_seconds: float
    predict_reviews_per_second: float
    predict_speeds: tuple[float, ...] = ()
    predict_single_per_second: float
    file_bytes: int

    @property
    def deciding(self) -> tuple[float, float]:
        """The key of a choice on validation, higher is better: the metric that decides, then negated NLL."""
        return self.read_score(self.validation), -self.validation.nll

    def read_score(self, scores: Scores) -> float:
        """Read the metric that decides from scores; more is better."""
        return scores.accuracy if self.objective is None else self.objective.read(scores)


class EncodingOfModel(Facts):
    """How the model's text is encoded; see `Encoding`. The length is bounded, since memory is taken for it."""

    name: str
    kind: Kind
    vocab_size: int
    length: int = Field(ge=1, le=LONGEST)
    padding: Literal["pre", "post"]


class DatasetOfModel(Facts):
    """The data that a model was made from: `counts` are reviews by split and label.

    `file_options` say how a file was read; None for a named dataset. With `ordinal`, the order of the labels means
    something.
    """

    name: str
    counts: dict[str, dict[str, int]]
    limit: int | None
    validation_fraction: float
    file_options: dict[str, JsonValue] | None
    ordinal: bool = False


class WordWeight(Facts):
    """A word of a text, and by how much the log-odds of the model's answer fall without it."""

    word: str
    weight: float


class Histogram(Facts):
    """Counts of values up to each bound; the last count is of those above the last bound."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]


class TextProfile(Facts):
    """What later texts are compared with.

    `words` are the lengths of the training texts, and `unknown` the shares of unknown tokens in the validation texts.
    `most_unknown` is the largest share of unknown tokens in a training text, as `find_unfamiliar` takes it, and
    `unfamiliar` counts the validation texts that the model knows and those that it does not know. Older bundles lack
    the last two.
    """

    words: Histogram
    unknown: Histogram
    most_unknown: float | None = None
    unfamiliar: tuple[int, int] | None = None


class Origin(Facts):
    """How a model was made, from which data, and with which library versions; only a network has an encoding.

    `fingerprint` is that of the training, and `data` has the hash of each file of reviews.
    """

    variant: str
    description: str
    kind: KindOfModel
    fingerprint: str
    encoding: EncodingOfModel | None
    settings: FitSettings | BaselineSettings | EnsembleSettings
    training: AnyTraining
    dataset: DatasetOfModel
    data: dict[str, str]
    versions: dict[str, str]


class BundleFacts(Origin, Document):
    """The content of bundle.json: all that is needed, besides the files of the model, to use it and to judge it.

    `profile` is None in a bundle that was made before there were profiles.
    """

    label_names: tuple[str, ...] = Field(min_length=2)
    temperature: float = Field(gt=0)
    threshold: float = Field(ge=0, le=1)
    metrics: EvaluationFacts
    profile: TextProfile | None = None

    @field_validator("label_names")
    @classmethod
    def check_labels(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a label that occurs twice."""
        if len(set(names)) < len(names):
            raise ValueError("a label occurs twice")
        return names

    @property
    def model_id(self) -> str:
        """The name by which predictions tell which model made them: "lstm/0123456789abcdef"."""
        return f"{self.variant}/{self.fingerprint}"

    @property
    def length(self) -> int | None:
        """How many tokens the model reads; None when it reads whole texts."""
        return self.encoding.length if self.encoding else None
