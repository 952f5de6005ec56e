"""How good predicted probabilities are: one function per metric, of one model's answers on one split."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.objective.answers import choose_answers
from tasks.objective.facts import Objective, Rule

NUM_BINS: Final = 15
# A probability of zero for the true label would make the negative log-likelihood infinite.
SMALLEST: Final = 1e-7


class Averages(NamedTuple):
    """Precision, recall and F1 of each class, averaged over the classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Answers:
    """Probabilities of shape (num_reviews, num_classes), labels (num_reviews,), and the threshold of two classes.

    With `is_ordinal`, the order of the classes means something, as that of stars does. More than two classes may have a
    rule by which they are chosen, and `objective` is the metric that decides, if that is not accuracy.
    What several metrics need is computed once.
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int32]
    threshold: float = 0.5
    is_ordinal: bool = False
    rule: Rule | None = None
    objective: Objective | None = None

    @property
    def classes(self) -> NDArray[np.intp]:
        """All labels, whether or not any review has them."""
        return np.arange(self.probabilities.shape[1])

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The chosen label of each review: shape (num_reviews,)."""
        return predict_labels(self.probabilities, threshold=self.threshold, rule=self.rule)

    @cached_property
    def normalised(self) -> NDArray[np.float64]:
        """The probabilities with rows that sum to one; softmax in 32 bits does so only roughly."""
        normalised: NDArray[np.float64] = self.probabilities / self.probabilities.sum(axis=1, keepdims=True)
        return normalised

    @cached_property
    def averages(self) -> Averages:
        """Precision, recall and F1; a class that is never predicted has a precision of zero."""
        from sklearn import metrics

        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            self.labels, self.predicted, labels=self.classes, average="macro", zero_division=0.0
        )
        return Averages(float(precision), float(recall), float(f1))


def predict_labels(
    probabilities: NDArray[np.float64], *, threshold: float, rule: Rule | None = None
) -> NDArray[np.intp]:
    """Choose the class of each review: shape (num_reviews,).

    Of two classes it is the second if its probability reaches the threshold, of more the likeliest, unless there is a
    rule.
    """
    if rule is not None:
        return choose_answers(probabilities, rule)
    predicted: NDArray[np.intp] = probabilities.argmax(axis=1)
    if probabilities.shape[1] == 2:  # noqa: PLR2004
        predicted = (probabilities[:, 1] >= threshold).astype(np.intp)
    return predicted


def accuracy(answers: Answers) -> float:
    """Compute the share of reviews that are classified correctly."""
    from sklearn import metrics

    return float(metrics.accuracy_score(answers.labels, answers.predicted))


def macro_precision(answers: Answers) -> float:
    """Average precision over the classes."""
    return answers.averages.precision


def macro_recall(answers: Answers) -> float:
    """Average recall over the classes."""
    return answers.averages.recall


def macro_f1(answers: Answers) -> float:
    """Average the harmonic mean of precision and recall over the classes."""
    return answers.averages.f1


def roc_auc(answers: Answers) -> float | None:
    """Compute the area under the ROC curve, averaged over the classes, each against the rest.

    None when the labels lack a class.
    """
    from sklearn import metrics

    if len(np.unique(answers.labels)) < len(answers.classes):
        return None
    one_hot = np.eye(len(answers.classes))[answers.labels]
    return float(metrics.roc_auc_score(one_hot, answers.normalised, average="macro"))


def nll(answers: Answers) -> float:
    """Compute the mean negative log-likelihood of the labels, in nats."""
    from sklearn import metrics

    likelihoods = np.clip(answers.normalised, SMALLEST, 1.0)
    likelihoods /= likelihoods.sum(axis=1, keepdims=True)
    return float(metrics.log_loss(answers.labels, likelihoods, labels=answers.classes))


def brier(answers: Answers) -> float:
    """Compute the mean squared distance to the one-hot label, summed over the classes.

    It is halved for two classes, so that it is the usual binary score.
    """
    from sklearn import metrics

    one_hot = np.eye(len(answers.classes))[answers.labels]
    return float(metrics.brier_score_loss(one_hot, answers.normalised, scale_by_half="auto"))


def ece(answers: Answers) -> float:
    """Compute the expected calibration error."""
    return expected_calibration_error(answers.normalised, answers.labels)


def mae(answers: Answers) -> float | None:
    """Compute the mean number of steps between the predicted and the true label; None if their order means nothing."""
    if not answers.is_ordinal:
        return None
    from sklearn import metrics

    return float(metrics.mean_absolute_error(answers.labels, answers.predicted))


def quadratic_kappa(answers: Answers) -> float | None:
    """Compute Cohen's kappa with quadratic weights (Cohen 1968).

    None if the order of the labels means nothing, and if all labels and all answers are the same one.
    """
    if not answers.is_ordinal or len(np.union1d(answers.labels, answers.predicted)) == 1:
        return None
    from sklearn import metrics

    return float(
        metrics.cohen_kappa_score(answers.labels, answers.predicted, labels=answers.classes, weights="quadratic")
    )


def recall(answers: Answers) -> float | None:
    """Compute the share of the reviews of a label that are given it; None unless the run aims at a label's recall."""
    if answers.objective is None or answers.objective.place is None:
        return None
    mine = answers.labels == answers.objective.place
    return float((answers.predicted[mine] == answers.objective.place).mean()) if mine.any() else 0.0


def cost(answers: Answers) -> float | None:
    """Compute the mean cost of the answers; None if nothing is known of costs."""
    if answers.objective is None or answers.objective.costs is None:
        return None
    return float(np.array(answers.objective.costs)[answers.labels, answers.predicted].mean())


def count_confusion(answers: Answers) -> NDArray[np.int64]:
    """Count reviews by true label, in rows, and predicted label, in columns: (num_classes, num_classes)."""
    from sklearn import metrics

    counts: NDArray[np.int64] = metrics.confusion_matrix(answers.labels, answers.predicted, labels=answers.classes)
    return counts


def expected_calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> float:
    """Average the gap between confidence and accuracy over NUM_BINS bins of equal width (Guo et al. 2017).

    Confidence is the largest probability. Two reviews of confidence 0.8, one of them right: |0.5 - 0.8| = 0.3.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    gaps = np.bincount(assign_bins(confidence), weights=correct - confidence, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def assign_bins(confidence: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """Give each confidence its bin, 0 to NUM_BINS - 1; a bin includes its upper bound."""
    bins: NDArray[np.intp] = np.clip(np.ceil(confidence * NUM_BINS).astype(np.intp) - 1, 0, NUM_BINS - 1)
    return bins
