"""Metrics from counts: the same as scikit-learn's, for one set of answers and for many resamples."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from tasks.objective.facts import Objective
from tasks.objective.tally import count, measure, resample

COSTS = ((0.0, 1.0, 5.0), (2.0, 0.0, 1.0), (10.0, 1.0, 0.0))
OBJECTIVES = {
    "macro-f1": Objective(metric="macro-f1"),
    "recall": Objective(metric="recall", label="c", place=2),
    "cost": Objective(metric="cost", costs=COSTS),
}
RANDOM = np.random.default_rng(1)
LABELS = RANDOM.choice(3, 400, p=[0.7, 0.2, 0.1])
ANSWERS = np.where(RANDOM.random(400) < 0.7, LABELS, RANDOM.integers(3, size=400))


def compute(metric: str, labels: np.ndarray, answers: np.ndarray) -> float:
    match metric:
        case "macro-f1":
            return float(f1_score(labels, answers, labels=range(3), average="macro", zero_division=0.0))
        case "recall":
            return float(recall_score(labels, answers, labels=[2], average="macro", zero_division=0.0))
    return -float(np.array(COSTS)[labels, answers].mean())


@pytest.mark.parametrize("metric", OBJECTIVES)
@pytest.mark.parametrize("rows", [slice(None), slice(1), np.flatnonzero(LABELS == 0)], ids=["all", "one", "one label"])
def test_metrics_are_those_of_scikit_learn(metric: str, rows: slice | np.ndarray) -> None:
    labels, answers = LABELS[rows], ANSWERS[rows]
    tally = count(labels, answers, 3, OBJECTIVES[metric])
    assert measure(tally, OBJECTIVES[metric])[0] == pytest.approx(compute(metric, labels, answers))


@pytest.mark.parametrize("metric", OBJECTIVES)
def test_resamples_spread_as_drawn_reviews_do(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.objective.tally.CELLS_AT_A_TIME", 1_000)
    (found,) = resample(LABELS, [ANSWERS], 3, OBJECTIVES[metric], num_draws=3_000)
    drawn = np.random.default_rng(2).integers(400, size=(3_000, 400))
    expected = [compute(metric, LABELS[rows], ANSWERS[rows]) for rows in drawn[:400]]
    assert found.shape == (3_000,)
    assert found.mean() == pytest.approx(np.mean(expected), abs=4 * np.std(expected) / 20)
    assert found.std() == pytest.approx(np.std(expected), rel=0.15)


def test_sets_of_answers_are_resampled_together() -> None:
    same, again = resample(LABELS, [ANSWERS, ANSWERS], 3, OBJECTIVES["macro-f1"], num_draws=50)
    np.testing.assert_array_equal(same, again)
