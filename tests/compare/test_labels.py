"""Labels one by one: precision, recall and PR-AUC with their intervals, and labels that are never answered."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score

from tasks.compare.labels import describe_label, estimate_rate, find_never_answered, measure_pr_auc
from tasks.compare.results import Contestant


def test_label_of_ten_reviews_agrees_with_the_hand() -> None:
    mine = np.arange(10) < 4
    named = np.arange(10) % 2 == 0
    found = describe_label("spam", mine, named, np.linspace(1, 0, 10))
    assert (found.num_reviews, found.num_named) == (4, 5)
    assert found.precision is not None
    assert found.precision.value == 0.4
    assert found.recall is not None
    assert found.recall.value == 0.5
    assert found.pr_auc is not None
    assert found.pr_auc.value == 1


def test_rate_has_the_published_wilson_interval() -> None:
    """81 of 263, score method without continuity correction, in Newcombe 1998, table I."""
    found = estimate_rate(81, 263)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_label_that_is_never_answered_or_absent_has_no_rate() -> None:
    nothing = np.zeros(6, np.bool_)
    never = describe_label("a", np.arange(6) < 2, nothing, np.zeros(6))
    assert never.precision is None
    assert never.recall is not None
    assert (never.recall.value, never.recall.low) == (0, 0)
    absent = describe_label("b", nothing, np.arange(6) < 2, np.zeros(6))
    assert (absent.recall, absent.pr_auc) == (None, None)
    assert describe_label("c", ~nothing, ~nothing, np.ones(6)).pr_auc is None


def test_interval_of_pr_auc_covers_the_true_area_nineteen_times_of_twenty() -> None:
    random = np.random.default_rng(1)

    def draw(num_reviews: int) -> tuple[np.ndarray, np.ndarray]:
        mine = random.random(num_reviews) < 0.05
        return mine, norm.cdf(random.normal(size=num_reviews) + 1.8 * mine)

    true_area = float(average_precision_score(*draw(400_000)))
    found = [measure_pr_auc(*draw(1_500)) for _ in range(300)]
    covered = [it.low <= true_area <= it.high for it in found if it]
    assert len(covered) == 300
    assert np.mean(covered) > 0.9


def test_labels_that_the_shipped_model_never_answers_are_counted_rarest_first() -> None:
    labels = np.repeat([0, 1, 2, 3], [10, 4, 2, 0])
    predicted = np.array([np.zeros(16, int), np.where(labels == 0, 0, 0)])
    predicted[0, 0] = 1
    model = Contestant("m", [], lambda _: np.zeros((16, 4)), 4, predicted.astype(np.int32), predicted == labels, labels)
    object.__setattr__(model, "shipped", 1)
    assert find_never_answered(model, ["a", "b", "c", "d"]) == {"c": 2, "b": 4}
    object.__setattr__(model, "shipped", 0)
    assert find_never_answered(model, ["a", "b", "c", "d"]) == {"c": 2}


def test_comparison_describes_every_model_by_label(build: Any, add_result: Any) -> None:
    labels = np.repeat([0, 1], [90, 10])
    metrics = build(
        add_result("lstm", labels=labels, correct=labels == 0), add_result("flatten", 95, labels=labels), labels=labels
    )
    assert set(metrics["labels"]) == {"lstm", "flatten"}
    (common, rare) = metrics["labels"]["lstm"]
    assert (common["label"], common["num_reviews"], common["recall"]["value"]) == ("neg", 90, 1)
    assert (rare["label"], rare["num_named"], rare["precision"], rare["recall"]["value"]) == ("pos", 0, None, 0)


def test_hundreds_of_labels_are_described_for_one_model_only(build: Any, add_result: Any) -> None:
    names = [f"label {number}" for number in range(60)]
    options = {"labels": np.arange(120) % 60, "label_names": names}
    results = [add_result("lstm", 100, **options), add_result("nb-svm", 80, group="baseline", **options)]
    metrics = build(*results, **options)
    assert list(metrics["labels"]) == [metrics["recommendation"]["name"]]
