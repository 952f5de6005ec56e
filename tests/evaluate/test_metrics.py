"""Metrics against cases that are worked out by hand."""

import json
import math

import numpy as np
import pytest

from tasks.evaluate.facts import Scores, SparseConfusion
from tasks.evaluate.metric_table import compute_metrics
from tasks.evaluate.metrics import expected_calibration_error, predict_labels

# Four reviews of two classes: the third is wrongly given to class 1.
TWO = np.array([0.1, 0.2, 0.7, 0.6])
TWO_LABELS = np.array([0, 0, 0, 1], np.int32)
# Three reviews of three classes: the last is wrongly given to class 0.
THREE = np.array([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])
THREE_LABELS = np.array([0, 1, 2], np.int32)
TWO_BY_HAND = {
    "accuracy": 3 / 4,
    "macro_precision": (1 + 1 / 2) / 2,
    "macro_recall": (2 / 3 + 1) / 2,
    "macro_f1": (4 / 5 + 2 / 3) / 2,
    # Of the three pairs of a review of class 1 and one of class 0, the one with 0.7 is in the wrong order.
    "roc_auc": 2 / 3,
    "nll": -(math.log(0.9) + math.log(0.8) + math.log(0.3) + math.log(0.6)) / 4,
    "brier": (0.1**2 + 0.2**2 + 0.7**2 + 0.4**2) / 4,
}
THREE_BY_HAND = {
    "accuracy": 2 / 3,
    "macro_precision": (1 / 2 + 1 + 0) / 3,
    "macro_recall": (1 + 1 + 0) / 3,
    "macro_f1": (2 / 3 + 1 + 0) / 3,
    "roc_auc": (1 + 1 + 1 / 2) / 3,
    "nll": -(math.log(0.7) + math.log(0.4) + math.log(0.2)) / 3,
    "brier": ((0.3**2 + 0.2**2 + 0.1**2) + (0.3**2 + 0.6**2 + 0.3**2) + (0.5**2 + 0.3**2 + 0.8**2)) / 3,
}


STARS = np.eye(5)[[0, 1, 2, 4, 0, 3]]
STAR_LABELS = np.array([0, 1, 3, 4, 2, 4], np.int32)


def test_ordinal_labels_are_measured_by_their_distance() -> None:
    scores = compute_metrics(STARS, STAR_LABELS, is_ordinal=True)
    assert scores.metric("mae") == pytest.approx((0 + 0 + 1 + 0 + 2 + 1) / 6)
    # Observed and expected squared distances, by the counts of labels and of answers.
    observed = (1 + 4 + 1) / 6
    answers = [0, 1, 2, 4, 0, 3]
    expected = sum((label - answer) ** 2 for label in STAR_LABELS.tolist() for answer in answers) / 36
    assert scores.metric("quadratic_kappa") == pytest.approx(1 - observed / expected)


def test_labels_without_order_have_no_distance() -> None:
    scores = compute_metrics(STARS, STAR_LABELS)
    assert (scores.metric("mae"), scores.metric("quadratic_kappa")) == (None, None)


def test_kappa_of_a_single_label_cannot_be_computed() -> None:
    scores = compute_metrics(np.eye(3)[[1, 1]], np.array([1, 1], np.int32), is_ordinal=True)
    assert (scores.metric("mae"), scores.metric("quadratic_kappa")) == (0.0, None)


def of_two_classes(positive: np.ndarray | list[float]) -> np.ndarray:
    """Probabilities of both classes from those of the second."""
    return np.column_stack([1 - np.asarray(positive), positive])


def soften(logits: np.ndarray) -> np.ndarray:
    """Softmax as models compute it: in 32 bits, where sums miss one by a rounding."""
    powers = np.exp(logits.astype(np.float32))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


@pytest.mark.parametrize(("name", "value"), TWO_BY_HAND.items())
def test_two_classes_agree_with_the_hand(name: str, value: float) -> None:
    assert compute_metrics(of_two_classes(TWO), TWO_LABELS).metric(name) == pytest.approx(value)


@pytest.mark.parametrize(("name", "value"), THREE_BY_HAND.items())
def test_three_classes_agree_with_the_hand(name: str, value: float) -> None:
    assert compute_metrics(THREE, THREE_LABELS).metric(name) == pytest.approx(value)


def test_confusion_counts_true_classes_in_rows() -> None:
    assert compute_metrics(of_two_classes(TWO), TWO_LABELS).confusion == ((2, 1), (0, 1))
    assert compute_metrics(THREE, THREE_LABELS).confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 0))


def test_metrics_are_plain_json() -> None:
    scores = compute_metrics(THREE, THREE_LABELS)
    assert json.loads(scores.model_dump_json()) == scores.model_dump(mode="json")


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [(of_two_classes(TWO), [1, 1, 1, 1]), (of_two_classes(TWO), [0, 0, 0, 0]), (THREE, [0, 1, 1]), (THREE, [2, 2, 2])],
    ids=["only class 1", "only class 0", "no class 2", "only class 2"],
)
def test_absent_class_leaves_roc_auc_open_and_the_rest_finite(probabilities: np.ndarray, labels: list[int]) -> None:
    scores = compute_metrics(probabilities, np.array(labels, np.int32), is_ordinal=True).model_dump()
    assert scores.pop("roc_auc") is None
    assert scores.pop("confusion")
    assert scores.pop("cost") is scores.pop("recall") is None
    assert (scores.pop("quadratic_kappa") is None) == (len(set(labels) | set(probabilities.argmax(axis=1))) == 1)
    assert all(math.isfinite(value) for value in scores.values())


@pytest.mark.parametrize(("threshold", "accuracy"), [(0.5, 3 / 4), (0.65, 1 / 2), (0.75, 3 / 4), (0.15, 1 / 2)])
def test_threshold_decides_between_two_classes(threshold: float, accuracy: float) -> None:
    assert compute_metrics(of_two_classes(TWO), TWO_LABELS, threshold=threshold).accuracy == accuracy


def test_probability_at_the_threshold_is_the_second_class() -> None:
    assert predict_labels(of_two_classes([0.4, 0.6, 0.7]), threshold=0.6).tolist() == [0, 1, 1]


def test_threshold_does_not_touch_more_than_two_classes() -> None:
    assert predict_labels(THREE, threshold=0.9).tolist() == [0, 1, 0]


def test_threshold_does_not_touch_what_is_measured_on_probabilities() -> None:
    default, strict = (compute_metrics(of_two_classes(TWO), TWO_LABELS, threshold=value) for value in (0.5, 0.9))
    for name in ("roc_auc", "nll", "brier", "ece"):
        assert strict.metric(name) == default.metric(name) is not None


@pytest.mark.parametrize("num_classes", [2, 3])
def test_confident_mistakes_stay_finite(num_classes: int) -> None:
    labels = np.arange(num_classes, dtype=np.int32)
    scores = compute_metrics(np.eye(num_classes)[np.roll(labels, 1)], labels)
    assert scores.nll == pytest.approx(-math.log(1e-7))
    assert scores.brier == pytest.approx(1.0 if num_classes == 2 else 2.0)
    assert scores.ece == 1.0
    assert scores.accuracy == 0.0


def test_confident_right_answers_lose_nothing() -> None:
    labels = np.array([0, 1, 1], np.int32)
    scores = compute_metrics(np.eye(2)[labels], labels)
    assert scores.nll == pytest.approx(0.0, abs=1e-6)
    assert (scores.brier, scores.ece, scores.roc_auc) == (0.0, 0.0, 1.0)


def test_probabilities_that_models_round_to_32_bits_are_taken_without_a_warning() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(60, dtype=np.int32) % 3
    scores = compute_metrics(soften(rng.normal(size=(60, 3))), labels)
    assert math.isfinite(scores.nll)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = of_two_classes([0.8, 0.8])
    assert expected_calibration_error(probabilities, np.array([1, 0])) == pytest.approx(0.3)


def test_calibration_error_weighs_bins_by_their_reviews() -> None:
    probabilities = of_two_classes([0.8, 0.8, 0.98, 0.02, 0.98, 0.98])
    labels = np.array([1, 0, 1, 0, 1, 1])
    assert expected_calibration_error(probabilities, labels) == pytest.approx((2 * 0.3 + 4 * 0.02) / 6)


def test_calibration_error_has_fifteen_bins_of_equal_width() -> None:
    """0.66 and 0.67 fall on the two sides of ten fifteenths, and would share a bin of ten or twenty."""
    probabilities = of_two_classes([0.66, 0.67])
    assert expected_calibration_error(probabilities, np.array([1, 0])) == pytest.approx((0.34 + 0.67) / 2)


def test_calibration_error_takes_the_confidence_of_the_first_class_too() -> None:
    assert expected_calibration_error(of_two_classes([0.1]), np.array([0])) == pytest.approx(0.1)


def test_certain_and_right_has_no_calibration_error() -> None:
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0.0


def test_confusion_of_many_classes_lists_the_cells_that_are_not_zero() -> None:
    labels = np.array([0, 59, 59, 3], np.int32)
    probabilities = np.eye(60)[[0, 59, 3, 0]]
    confusion = compute_metrics(probabilities, labels).confusion
    assert isinstance(confusion, SparseConfusion)
    assert confusion.num_classes == 60
    cells = zip(confusion.labels, confusion.predicted, confusion.counts, strict=True)
    assert set(cells) == {(0, 0, 1), (3, 0, 1), (59, 3, 1), (59, 59, 1)}


def test_confusion_of_many_classes_is_small_in_json_and_read_back() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(1_000), 2).astype(np.int32)
    scores = compute_metrics(np.eye(1_000)[random.permutation(labels)], labels)
    written = scores.model_dump_json(indent=2)
    assert len(written) < 200_000
    assert Scores.model_validate_json(written) == scores


def test_confusion_that_older_versions_wrote_is_read() -> None:
    scores = compute_metrics(of_two_classes(TWO), TWO_LABELS)
    dense = scores.model_dump() | {"confusion": [[0] * 60] * 60}
    confusion = Scores.model_validate(dense).confusion
    assert isinstance(confusion, tuple)
    assert len(confusion) == 60
