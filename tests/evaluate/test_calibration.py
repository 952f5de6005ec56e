"""Temperature, threshold and reliability against cases that are worked out by hand or made with a known answer."""

import numpy as np
import pytest
from scipy.special import softmax

from tasks.evaluate.calibration import apply_temperature, choose_threshold, fit_temperature, reliability
from tasks.evaluate.metric_table import compute_metrics
from tasks.evaluate.metrics import expected_calibration_error, predict_labels


def make_overconfident(temperature: float, *, num_classes: int, num_reviews: int = 20_000) -> tuple[np.ndarray, ...]:
    """Probabilities that mean what they say only after this temperature, and the labels."""
    random = np.random.default_rng(3)
    logits = 2 * random.normal(size=(num_reviews, num_classes))
    shares = softmax(logits, axis=1)
    labels = (random.random((num_reviews, 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return softmax(logits * temperature, axis=1), labels


def of_two_classes(positive: list[float]) -> np.ndarray:
    return np.column_stack([1 - np.asarray(positive), positive])


@pytest.mark.parametrize("num_classes", [2, 3, 10])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_known_temperature_is_found(temperature: float, num_classes: int) -> None:
    probabilities, labels = make_overconfident(temperature, num_classes=num_classes)
    assert fit_temperature(probabilities, labels) == pytest.approx(temperature, rel=0.05)


def test_temperature_of_two_reviews_in_three_right_is_known_by_hand() -> None:
    """All at 0.8 with two of three right: 4 ** (1 / T) must be 2 to 1, so T is 2."""
    probabilities = of_two_classes([0.8, 0.8, 0.2])
    assert fit_temperature(probabilities, np.array([1, 0, 0])) == pytest.approx(2.0, rel=1e-4)


def test_fitted_temperature_mends_calibration_of_other_reviews() -> None:
    probabilities, labels = make_overconfident(3.0, num_classes=3)
    temperature = fit_temperature(probabilities[:5_000], labels[:5_000])
    before = compute_metrics(probabilities[5_000:], labels[5_000:])
    after = compute_metrics(apply_temperature(probabilities[5_000:], temperature), labels[5_000:])
    assert before.ece > 0.1
    assert after.ece < 0.02
    assert after.nll < before.nll
    assert after.accuracy == before.accuracy


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        (np.full((4, 2), 0.5), [0, 1, 1, 0]),
        (np.tile([0.4, 0.6], (4, 1)), [0, 1, 1, 1]),
        (np.tile([0.0, 1.0], (4, 1)), [0, 1, 1, 1]),
        (of_two_classes([0.4, 0.6, 0.9]), [0, 1, 1]),
    ],
    ids=["all equal", "shares", "majority", "all right"],
)
def test_reviews_that_cannot_tell_leave_the_temperature_at_one(probabilities: np.ndarray, labels: list[int]) -> None:
    assert fit_temperature(probabilities, np.array(labels)) == 1.0


def test_worse_than_chance_is_flattened_within_bounds() -> None:
    probabilities = of_two_classes([0.9, 0.1, 0.8])
    assert fit_temperature(probabilities, np.array([0, 1, 0])) == pytest.approx(20.0, rel=1e-3)


def test_temperature_two_takes_the_root() -> None:
    assert apply_temperature(np.array([[0.9, 0.1]]), 2.0).tolist() == [pytest.approx([0.75, 0.25])]


def test_temperature_one_changes_nothing() -> None:
    probabilities = make_overconfident(3.0, num_classes=3)[0].astype(np.float32)
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.05, 0.7, 3.0, 20.0])
def test_temperature_keeps_sums_and_order(temperature: float) -> None:
    probabilities = np.vstack([make_overconfident(2.0, num_classes=4, num_reviews=200)[0], np.eye(4)])
    scaled = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(scaled.sum(axis=1), 1.0)
    ascending = np.take_along_axis(scaled, probabilities.argsort(axis=1), axis=1)
    assert (np.diff(ascending, axis=1) >= 0).all()
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_threshold_stays_in_the_middle_where_nothing_is_better() -> None:
    assert choose_threshold(of_two_classes([0.1, 0.4, 0.6, 0.9]), np.array([0, 0, 1, 1])) == 0.5


def test_threshold_stays_in_the_middle_where_luck_explains_the_rest() -> None:
    """At 0.6, 99 of 100 reviews are right, at 0.5 98, and the standard error of 0.99 is 1.4 points."""
    probabilities = of_two_classes([0.1] * 48 + [0.95, 0.55] + [0.65] * 50)
    labels = np.array([0] * 50 + [1] * 50)
    assert choose_threshold(probabilities, labels) == 0.5


def test_threshold_moves_as_little_as_the_reviews_demand() -> None:
    """Of 100 reviews, 0.16 gets 99 right, 0.26 one fewer (within 1.4 points), 0.35 ten fewer, 0.5 thirty fewer."""
    probabilities = of_two_classes([0.1] * 39 + [0.95] + [0.22] + [0.3] * 9 + [0.4] * 20 + [0.9] * 30)
    labels = np.array([0] * 40 + [1] * 60)
    assert choose_threshold(probabilities, labels) == pytest.approx((0.22 + 0.3) / 2)


def test_threshold_can_ask_for_more_than_half() -> None:
    probabilities = of_two_classes([0.1] * 20 + [0.7] * 40 + [0.9] * 40)
    labels = np.array([0] * 60 + [1] * 40)
    threshold = choose_threshold(probabilities, labels)
    assert threshold == pytest.approx(0.8)
    assert (predict_labels(probabilities, threshold=threshold) == labels).all()


@pytest.mark.parametrize(("positive", "label"), [(0.3, 1), (0.8, 0)])
def test_threshold_beyond_all_probabilities_can_be_best(positive: float, label: int) -> None:
    probabilities = of_two_classes([positive] * 50)
    labels = np.full(50, label)
    assert (predict_labels(probabilities, threshold=choose_threshold(probabilities, labels)) == label).all()


def test_more_classes_have_no_threshold() -> None:
    assert choose_threshold(np.eye(3), np.array([1, 2, 0])) == 0.5


def test_reliability_lists_bins_that_have_reviews() -> None:
    rows = reliability(of_two_classes([0.8, 0.8, 0.02, 0.99]), np.array([1, 0, 0, 1]))
    assert [row.count for row in rows] == [2, 2]
    assert [row.confidence for row in rows] == pytest.approx([0.8, 0.985])
    assert [row.accuracy for row in rows] == [0.5, 1.0]
    assert [(row.low, row.high) for row in rows] == [(11 / 15, 12 / 15), (14 / 15, 1.0)]


def test_gaps_of_reliability_are_the_calibration_error() -> None:
    probabilities, labels = make_overconfident(2.0, num_classes=3, num_reviews=500)
    rows = reliability(probabilities, labels)
    gap = sum(row.count * abs(row.accuracy - row.confidence) for row in rows) / 500
    assert gap == pytest.approx(expected_calibration_error(probabilities, labels))
