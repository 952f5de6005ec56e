"""The table of metrics: write a function of a model's answers and add a row, and every output shows it.

leaderboard.json, leaderboard.csv and bundle.json hold every metric; the other outputs show those whose rows name them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tasks.evaluate import metrics
from tasks.evaluate.facts import Scores, SparseConfusion
from tasks.evaluate.measured import Measured
from tasks.evaluate.metrics import NUM_BINS, Answers, count_confusion
from tasks.objective.facts import Objective, Rule

# The confusion matrix of more classes is sparse.
MOST_DENSE: Final = 50

# The leaderboard in the terminal, in Markdown and in Prefect's UI; the report's page; the model card; the result of
# scoring labelled texts.
Place = Literal["table", "page", "card", "scoring"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric: its name in JSON and CSV, what people call it, and how and where it is shown.

    One that is `is_optional` is shown only where it was measured, such as metrics of ordinal labels.
    `template` formats a value that is shown beside other models', `precise` one that stands alone.
    On a narrow terminal, columns of a lower `rank` are left out first.
    """

    name: str
    title: str
    compute: Callable[[Answers], float | None]
    description: str
    better: Literal["higher", "lower"]
    shown: frozenset[Place]
    template: str = "{:.3f}"
    precise: str = "{:.4f}"
    rank: int = 0
    is_optional: bool = False

    @property
    def help(self) -> str:
        """The description as a sentence, with the direction."""
        return f"{self.description[0].upper()}{self.description[1:]}: {self.better} is better"

    def show(self, value: float | None) -> str:
        """Format a value that is shown beside other models'; one that cannot be computed is a dash."""
        return "-" if value is None else self.template.format(value)

    def show_precisely(self, value: float | None) -> str:
        """Format a value that stands alone."""
        return "-" if value is None else self.precise.format(value)


# The only one with an interval: leaderboard, page and card show it in columns of its own.
ACCURACY: Final = Metric(
    name="accuracy",
    title="accuracy",
    compute=metrics.accuracy,
    description="share of reviews that are classified correctly",
    better="higher",
    shown=frozenset({"scoring"}),
    template="{:.1%}",
)
METRICS: tuple[Metric, ...] = (
    ACCURACY,
    Metric(
        name="macro_precision",
        title="macro-precision",
        compute=metrics.macro_precision,
        description="precision, averaged over the labels",
        better="higher",
        shown=frozenset({"scoring"}),
    ),
    Metric(
        name="macro_recall",
        title="macro-recall",
        compute=metrics.macro_recall,
        description="recall, averaged over the labels",
        better="higher",
        shown=frozenset({"scoring"}),
    ),
    Metric(
        name="macro_f1",
        title="macro-F1",
        compute=metrics.macro_f1,
        description="harmonic mean of precision and recall, averaged over the labels",
        better="higher",
        shown=frozenset({"table", "page", "card", "scoring"}),
    ),
    Metric(
        name="recall",
        title="recall",
        compute=metrics.recall,
        description="share of the reviews of the label that --metric names which are given it",
        better="higher",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=14,
        is_optional=True,
    ),
    Metric(
        name="cost",
        title="cost",
        compute=metrics.cost,
        description="mean cost of an answer, by the costs of mistakes that the run was given",
        better="lower",
        shown=frozenset({"table", "page", "card", "scoring"}),
        template="{:.4f}",
        rank=14,
        is_optional=True,
    ),
    Metric(
        name="mae",
        title="MAE",
        compute=metrics.mae,
        description="mean absolute error, in steps between ordinal labels",
        better="lower",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=13,
        is_optional=True,
    ),
    Metric(
        name="quadratic_kappa",
        title="kappa",
        compute=metrics.quadratic_kappa,
        description="Cohen's kappa with quadratic weights, for ordinal labels",
        better="higher",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=13,
        is_optional=True,
    ),
    Metric(
        name="roc_auc",
        title="ROC-AUC",
        compute=metrics.roc_auc,
        description="area under the ROC curve, averaged over the labels",
        better="higher",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=1,
    ),
    Metric(
        name="nll",
        title="NLL",
        compute=metrics.nll,
        description="negative log-likelihood in nats",
        better="lower",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=9,
    ),
    Metric(
        name="brier",
        title="Brier",
        compute=metrics.brier,
        description="squared distance between the probabilities and the true label",
        better="lower",
        shown=frozenset({"page", "card", "scoring"}),
    ),
    Metric(
        name="ece",
        title="ECE",
        compute=metrics.ece,
        description=f"expected calibration error over {NUM_BINS} bins",
        better="lower",
        shown=frozenset({"table", "page", "card", "scoring"}),
        rank=6,
    ),
)


def list_metrics(place: Place, rows: Sequence[Measured] = ()) -> list[Metric]:
    """List the metrics that are shown in a place, in the order of the table; optional ones if a row has them."""
    found = [metric for metric in METRICS if place in metric.shown]
    return [it for it in found if not it.is_optional or any(row.metric(it.name) is not None for row in rows)]


def list_averaged() -> list[Metric]:
    """List the metrics for which a leaderboard has only the mean over the seeds."""
    return [metric for metric in METRICS if metric.name != ACCURACY.name]


def compute_metrics(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int32],
    *,
    threshold: float = 0.5,
    is_ordinal: bool = False,
    rule: Rule | None = None,
    objective: Objective | None = None,
) -> Scores:
    """Score probabilities of shape (num_reviews, num_classes) against labels of shape (num_reviews,)."""
    answers = Answers(probabilities, labels, threshold, is_ordinal, rule, objective)
    scores = {metric.name: metric.compute(answers) for metric in METRICS}
    return Scores.model_validate({**scores, "confusion": shape_confusion(count_confusion(answers))})


def shape_confusion(counts: NDArray[np.int64]) -> list[list[int]] | SparseConfusion:
    """Choose the form in which a confusion matrix is kept: a thousand classes have a million cells, most of them zero.

    shape_confusion([[1, 0], [2, 3]]) -> [[1, 0], [2, 3]], because two classes are few.
    """
    if len(counts) <= MOST_DENSE:
        dense: list[list[int]] = counts.tolist()
        return dense
    labels, predicted = np.nonzero(counts)
    return SparseConfusion(
        num_classes=len(counts),
        labels=tuple(labels.tolist()),
        predicted=tuple(predicted.tolist()),
        counts=tuple(counts[labels, predicted].tolist()),
    )
