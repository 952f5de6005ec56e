"""Risk and coverage against cases that are worked out by hand."""

import numpy as np
import pytest

from tasks.compare.selective import area_under_risk_coverage, coverage_at_accuracy, risk_coverage

# Most confident first: right, right, wrong, right, wrong.
CONFIDENCE = np.array([0.6, 0.99, 0.8, 0.9, 0.7])
CORRECT = np.array([False, True, False, True, True])


def test_curve_answers_the_most_confident_first() -> None:
    curve = risk_coverage(CONFIDENCE, CORRECT)
    assert curve.coverage == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert curve.accuracy == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])


def test_curve_has_the_points_asked_for_and_ends_at_the_accuracy() -> None:
    random = np.random.default_rng(1)
    confidence, correct = random.random(5_000), random.random(5_000) < 0.8
    curve = risk_coverage(confidence, correct, num_points=11)
    assert len(curve.coverage) == len(curve.accuracy) == 11
    assert curve.coverage[5] == pytest.approx(0.5, abs=1e-3)
    assert (curve.coverage[-1], curve.accuracy[-1]) == (1.0, pytest.approx(correct.mean()))


def test_order_of_the_reviews_does_not_matter_even_in_ties() -> None:
    random = np.random.default_rng(2)
    confidence, correct = random.integers(5, size=200) / 5, random.random(200) < 0.7
    turned = random.permutation(200)
    assert risk_coverage(confidence[turned], correct[turned]) == risk_coverage(confidence, correct)
    assert area_under_risk_coverage(confidence[turned], correct[turned]) == area_under_risk_coverage(
        confidence, correct
    )


def test_one_confidence_for_all_gives_a_flat_curve() -> None:
    assert risk_coverage(np.full(5, 0.9), CORRECT).accuracy == pytest.approx([0.6] * 5)
    assert area_under_risk_coverage(np.full(5, 0.9), CORRECT) == pytest.approx(0.4)


@pytest.mark.parametrize(("accuracy", "coverage"), [(1.0, 0.4), (0.75, 0.8), (0.7, 0.8), (0.6, 1.0)])
def test_coverage_is_the_largest_share_that_is_accurate_enough(accuracy: float, coverage: float) -> None:
    assert coverage_at_accuracy(CONFIDENCE, CORRECT, accuracy=accuracy) == coverage


def test_coverage_counts_an_accuracy_that_is_just_reached() -> None:
    assert coverage_at_accuracy(np.linspace(1, 0.5, 40), np.arange(40) < 38) == 1.0


def test_no_share_is_accurate_enough() -> None:
    assert coverage_at_accuracy(np.array([0.9, 0.8]), np.array([False, True])) == 0.0


def test_tie_is_answered_as_a_whole_or_not_at_all() -> None:
    confidence = np.array([0.9, 0.8, 0.8])
    assert coverage_at_accuracy(confidence, np.array([True, True, False])) == pytest.approx(1 / 3)
    assert coverage_at_accuracy(confidence, np.array([True, False, True])) == pytest.approx(1 / 3)


def test_area_is_the_mean_error_rate_over_coverages() -> None:
    correct = np.array([True, False, True])
    assert area_under_risk_coverage(np.array([0.9, 0.8, 0.7]), correct) == pytest.approx(5 / 18)


def test_area_rewards_doubt_about_errors() -> None:
    errors_last = area_under_risk_coverage(CORRECT.astype(float), CORRECT)
    errors_first = area_under_risk_coverage(1.0 - CORRECT, CORRECT)
    assert errors_last < area_under_risk_coverage(CONFIDENCE, CORRECT) < errors_first
