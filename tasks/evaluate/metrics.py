"""How good are predicted probabilities: metrics of one model on one split."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NUM_BINS: Final = 15


def compute_metrics(
    probabilities: NDArray[np.float64], labels: NDArray[np.int32], *, threshold: float = 0.5
) -> dict[str, Any]:
    """Score probabilities of shape (num_reviews, num_classes) against labels of shape (num_reviews,).

    Precision, recall and F1 are averaged over the classes; ROC-AUC is one class against the rest, averaged, and None
    when a class is absent from the labels. NLL is in nats; Brier is the squared distance to the one-hot label, summed
    over classes and halved for two classes, so that it is the usual binary score.
    """
    from sklearn import metrics

    num_classes = probabilities.shape[1]
    classes = np.arange(num_classes)
    predicted = predict_labels(probabilities, threshold=threshold)
    # Softmax in 32 bits sums to one only roughly.
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    likelihoods = np.clip(probabilities, 1e-7, 1.0)
    likelihoods /= likelihoods.sum(axis=1, keepdims=True)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, predicted, labels=classes, average="macro", zero_division=0.0
    )
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "macro_precision": float(precision),
        "macro_recall": float(recall),
        "macro_f1": float(f1),
        "roc_auc": compute_roc_auc(probabilities, labels),
        "nll": float(metrics.log_loss(labels, likelihoods, labels=classes)),
        "brier": float(metrics.brier_score_loss(np.eye(num_classes)[labels], probabilities, scale_by_half="auto")),
        "ece": expected_calibration_error(probabilities, labels),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=classes).tolist(),
    }


def predict_labels(probabilities: NDArray[np.float64], *, threshold: float) -> NDArray[np.intp]:
    """Choose the likeliest class; of two, the second when its probability reaches the threshold."""
    predicted: NDArray[np.intp] = probabilities.argmax(axis=1)
    if probabilities.shape[1] == 2:  # noqa: PLR2004
        predicted = (probabilities[:, 1] >= threshold).astype(np.intp)
    return predicted


def compute_roc_auc(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> float | None:
    """Compute the area under the ROC curve, one-vs-rest; None when the labels lack a class."""
    from sklearn import metrics

    if len(np.unique(labels)) < probabilities.shape[1]:
        return None
    one_hot = np.eye(probabilities.shape[1])[labels]
    return float(metrics.roc_auc_score(one_hot, probabilities, average="macro"))


def expected_calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> float:
    """Average the gap between confidence and accuracy over NUM_BINS bins of equal width (Guo et al. 2017).

    Confidence is the largest probability. Two reviews of confidence 0.8, one of them right: |0.5 - 0.8| = 0.3.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    gaps = np.bincount(assign_bins(confidence), weights=correct - confidence, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def assign_bins(confidence: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """Give each confidence its bin, 0 to NUM_BINS - 1; a bin holds its upper bound."""
    bins: NDArray[np.intp] = np.clip(np.ceil(confidence * NUM_BINS).astype(np.intp) - 1, 0, NUM_BINS - 1)
    return bins
