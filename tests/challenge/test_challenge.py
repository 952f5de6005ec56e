"""Models on further test sets: the same answers as elsewhere, and how much less accurate than on test."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from tasks.challenge import summary
from tasks.challenge.summary import compare_sets, summarise_challenge
from tasks.compare.results import TrainedModel
from tasks.ingest.facts import ChallengeSetFacts

AddResult = Callable[..., TrainedModel]
REVIEWS = ChallengeSetFacts(
    name="contrast", num_read=100, counts={"bad": 50, "good": 50}, overlaps={}, dropped={}, warnings=[]
)


def make_hits(num_correct: int, num_reviews: int) -> Any:
    return (np.arange(num_reviews) < num_correct)[None, :]


def test_drop_is_the_accuracy_on_test_minus_that_on_the_set() -> None:
    found = compare_sets("lstm", challenged=make_hits(140, 200), tested=make_hits(900, 1_000))
    assert found.accuracy.value == pytest.approx(0.7)
    assert found.drop.value == pytest.approx(0.2)
    # For samples of this size, much the same as the interval by the normal distribution.
    half = norm.ppf(0.975) * np.sqrt(0.7 * 0.3 / 200 + 0.9 * 0.1 / 1_000)
    assert found.drop.low == pytest.approx(0.2 - half, abs=0.01)
    assert found.drop.high == pytest.approx(0.2 + half, abs=0.01)


def test_interval_of_a_drop_covers_the_true_one() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        tested, challenged = random.random((1, 400)) < 0.9, random.random((1, 150)) < 0.8
        drop = compare_sets("lstm", challenged=challenged, tested=tested).drop
        covered += drop.low <= 0.1 <= drop.high
    assert covered >= 182


def test_perfect_answers_leave_room_for_doubt() -> None:
    found = compare_sets("lstm", challenged=make_hits(20, 20), tested=make_hits(50, 50))
    assert found.drop.value == 0
    assert found.drop.low < -0.05
    assert found.drop.high > 0.1


def test_seeds_of_a_variant_are_averaged_and_the_best_comes_first(
    add_result: AddResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    models = [add_result("lstm", 80), add_result("lstm", 90, seed=2), add_result("nb-svm", 85)]
    on_challenge = {"lstm-1": 50, "lstm-2": 70, "nb-svm-1": 75}

    def load_hits(folder: Any, model: TrainedModel) -> Any:
        is_test = folder == tmp_path / model.folder
        num_correct = {80: 80, 90: 90}.get(int(model.metrics.accuracy * 100), 85)
        return make_hits(num_correct if is_test else on_challenge[f"{model.variant}-{model.seed}"], 100)[0]

    monkeypatch.setattr(summary, "load_hits", load_hits)
    texts: Any = SimpleNamespace(facts=REVIEWS)
    answers: Any = [(model, SimpleNamespace(folder="challenges/x")) for model in models]
    found = summarise_challenge(texts, answers, tmp_path)
    assert [(it.model, it.seeds) for it in found.models] == [("nb-svm", 1), ("lstm", 2)]
    assert [it.accuracy.value for it in found.models] == pytest.approx([0.75, 0.6])
    assert found.models[1].drop.value == pytest.approx(0.25)
    assert found.reviews == REVIEWS
