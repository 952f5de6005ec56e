"""What a comparison says about the models of a run: the content of comparison.json, and what it is made from."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.recommendation_facts import Recommendation
from tasks.encode.facts import TokenTotals
from tasks.evaluate.facts import CalibrationScores, WordWeight
from tasks.ingest.facts import Duplicates, RowCounts
from tasks.objective.facts import Objective
from tasks.store.facts import Document, Facts, is_none

FILE: Final = "comparison.json"
# A difference is significant when its p-value, corrected for all pairs, is below this.
ALPHA: Final = 0.05
Verdict = Literal["confirmed", "refuted", "not comparable"]


class ComparedEncoding(Facts):
    """An encoding that models of the run read: its length in tokens, its folder, and the totals of each split."""

    length: int
    folder: Path
    splits: dict[str, TokenTotals]


class ComparedData(Facts):
    """What a comparison knows about the data; `is_whole` unless a limit was set, `hashes` are by file name."""

    name: str
    label_names: tuple[str, ...]
    is_whole: bool
    warnings: tuple[str, ...]
    duplicates: Duplicates
    rows: RowCounts
    hashes: dict[str, str]


class ComparisonFacts(Facts):
    """What the manifest says about a comparison."""

    num_models: int


class Pair(Facts):
    """How two models compare.

    `difference` is the accuracy of the first minus that of the second, averaged over the seeds of each, and `low` and
    `high` are the bounds of its 95% interval. `only_first` and `only_second` count the reviews that only one of the two
    shipped models got right; `p_value` is McNemar's for these counts, and `p_holm` is corrected for the number of
    pairs. If the run aims at another metric, difference, interval and test are of that, and more is better; for the
    recall of a label, only its reviews count.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    only_first: int
    only_second: int
    p_value: float
    p_holm: float
    differs: bool

    @property
    def told_apart(self) -> bool:
        """Whether the two shipped models differ significantly, whatever other seeds would give."""
        return self.p_holm < ALPHA


class Calibration(Facts):
    """How well the shipped model's probabilities are calibrated on test, before and after temperature scaling."""

    temperature: float
    threshold: float
    before: CalibrationScores
    after: CalibrationScores


class RiskCoverage(Facts):
    """A curve: the accuracy at each share of reviews that are answered, most confident first."""

    coverage: tuple[float, ...]
    accuracy: tuple[float, ...]


class Selection(Facts):
    """How accurate the shipped model is when it may leave its least confident reviews to a person.

    `coverage_at_target` is the largest share that it answers with the target accuracy; `aurc` is the area under the
    curve of risk against coverage.
    """

    curve: RiskCoverage
    coverage_at_target: float
    aurc: float


class SliceAccuracy(Facts):
    """Accuracy on the `n` test reviews of a slice, with its 95% interval.

    `p_holm` tests whether the shipped model is right less often here than on the other reviews, corrected for the
    number of slices. Older documents lack it.
    """

    group: str
    name: str
    n: int
    accuracy: float
    low: float
    high: float
    p_holm: float | None = None

    @property
    def is_weak(self) -> bool:
        """Whether the shipped model is right significantly less often here than on the other reviews."""
        return self.p_holm is not None and self.p_holm < ALPHA


class Slices(Facts):
    """Every model on the same slices; truncation and unknown words are those of `encoding`."""

    encoding: str | None
    models: dict[str, tuple[SliceAccuracy, ...]]


class WordCounts(Facts):
    """How many words the reviews of a split have."""

    mean: float
    median: float
    p95: float
    max: int


class SplitCard(Facts):
    """A split in numbers: its size, the reviews of each label, and the lengths of reviews with their histogram."""

    num_reviews: int
    labels: dict[str, int]
    words: WordCounts
    length_histogram: tuple[int, ...]


class EncodingCard(Facts):
    """The share of reviews that an encoding truncates and the share of tokens unknown to it, by split."""

    length: int
    truncated: dict[str, float]
    unknown: dict[str, float]


class Unseen(Facts):
    """Each variant's accuracy on the test reviews whose text is in neither training nor validation."""

    num_reviews: int
    accuracy: dict[str, float]


class DataCard(Facts):
    """What the models were trained and tested on; `length_bounds` are the lower bounds of the histograms' bins.

    `rows` says what became of the source's rows; None in a document that does not say.
    """

    splits: dict[str, SplitCard]
    length_bounds: tuple[int, ...]
    encodings: dict[str, EncodingCard]
    duplicates: Duplicates
    rows: RowCounts | None = None
    warnings: tuple[str, ...]
    hashes: dict[str, str]
    without_duplicates: Unseen


class Review(Facts):
    """A review of the test split as a page shows it: `text` may be only its beginning."""

    id: str
    label: str
    text: str
    num_characters: int


class ConfidentMistake(Facts):
    """A wrong answer, and the probability that the model gave it; `row` is that of the review in the test split.

    `words` are those that the answer depends on most; older documents lack them.
    """

    model: str
    row: int
    predicted: str
    probability: float
    words: tuple[WordWeight, ...] = ()


class MissedReviews(Facts):
    """How many reviews every model gets wrong, the rows of some of them, and the answers of one model to these.

    The model is the one that is looked at more closely; older documents lack the answers.
    """

    num_reviews: int
    rows: tuple[int, ...]
    answers: tuple[ConfidentMistake, ...] = ()


class Mistakes(Facts):
    """The mistakes of the shipped models, except the constant one.

    `wrong_models` counts the reviews that 0, 1, 2, ... models get wrong; `agreement` is the share of reviews on which
    each pair of models gives the same answer; `oracle_accuracy` is the share of reviews that at least one model gets
    right. `texts` are reviews by row.
    """

    models: tuple[str, ...]
    confident: tuple[ConfidentMistake, ...]
    missed_by_all: MissedReviews
    wrong_models: tuple[int, ...]
    agreement: tuple[tuple[float, ...], ...]
    oracle_accuracy: float
    texts: dict[str, Review]


class Estimate(Facts):
    """A number with its 95% interval."""

    value: float
    low: float
    high: float


class LabelScores(Facts):
    """How well a shipped model does on a label: `num_reviews` test reviews have it, and `num_named` are given it.

    Precision is None if the label is never answered, and recall if no test review has it.
    """

    label: str
    num_reviews: int
    num_named: int
    precision: Estimate | None
    recall: Estimate | None
    pr_auc: Estimate | None


class EpochPoint(Facts):
    """Loss and accuracy by the time that so many epochs were trained; there may be several points in an epoch."""

    epoch: int | float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class LaterEpochs(Facts):
    """How validation loss and accuracy changed after the best epoch, and the share of the time spent after it."""

    num_epochs: int | float
    val_loss_change: float
    val_accuracy_change: float
    share_of_seconds: float


class Training(Facts):
    """The history of a training, and what it says.

    A gap is training accuracy minus validation accuracy, in the best and in the last epoch. Training accuracy is an
    average over the epoch, during which the weights still change.
    """

    seed: int
    curve: tuple[EpochPoint, ...]
    best_epoch: int | float
    gap_at_best: float
    gap_at_last: float
    later_epochs: LaterEpochs


class Claim(Facts):
    """A claim of the course notebook, what was measured, and the verdict with its reason."""

    claim: str
    measured: str
    verdict: Verdict
    reason: str


class ConfusedLabels(Facts):
    """How many test reviews with one label were given another, and their share of the reviews with the label."""

    label: str
    predicted: str
    count: int
    share: float


class Confusions(Facts):
    """Which labels a model takes for which others, on test.

    Of the `num_pairs` pairs of labels among the `num_wrong` wrong answers, `pairs` has the most frequent ones.
    `distances` counts the answers by their steps from the true label, from 0 up; None unless the labels are ordinal.
    """

    model: str
    num_wrong: int
    num_pairs: int
    pairs: tuple[ConfusedLabels, ...]
    distances: tuple[int, ...] | None


class Comparison(Document):
    """The content of comparison.json.

    `pareto` has the Pareto front of each cost and accuracy; other mappings are by variant. `errors` is None when no
    model but the constant one trained. `confusions` are those of the recommended model, or of the most accurate one.
    `labels` describes the models label by label, with many labels only one of them. `objective` is the metric that
    decides if that is not accuracy. Older documents lack the last two.
    """

    variants: tuple[LeaderboardRow, ...]
    recommendation: Recommendation | None
    pairs: tuple[Pair, ...]
    pareto: dict[str, tuple[str, ...]]
    calibration: dict[str, Calibration]
    selective: dict[str, Selection]
    slices: Slices
    worst_slice: SliceAccuracy | None
    data: DataCard
    errors: Mistakes | None
    confusions: Confusions | None = None
    labels: dict[str, tuple[LabelScores, ...]] = Field(default_factory=dict)
    objective: Objective | None = Field(default=None, exclude_if=is_none)
    trainings: dict[str, tuple[Training, ...]]
    claims: tuple[Claim, ...]
