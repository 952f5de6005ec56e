"""Beating chance: known p-values, random labels in simulations, models that have learned, and the constant answer."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from tasks.compare import chance
from tasks.compare.chance import (
    can_beat_chance,
    compare_accuracy,
    compare_macro_f1,
    find_constant,
    find_learners,
    measure_chance,
)
from tasks.compare.results import Contestant, TrainedModel

NUM_SIMULATIONS = 100


def make_contestant(name: str, predicted: np.ndarray, labels: np.ndarray) -> Contestant:
    result = TrainedModel.model_construct(variant=name, group="seed")
    contestant = Contestant(
        name, [result], lambda _: np.zeros((1, 1)), 1, predicted[None], predicted[None] == labels, labels
    )
    contestant.__dict__["shipped"] = 0
    return contestant


def draw_labels(random: np.random.Generator, *, shares: np.ndarray, num_reviews: int) -> np.ndarray:
    return random.choice(len(shares), num_reviews, p=shares).astype(np.int32)


def guess(random: np.random.Generator, labels: np.ndarray, *, num_classes: int) -> list[np.ndarray]:
    """Answers of five models to random labels: at random, like the shares of the labels, and nearly always the same."""
    at_random = [random.integers(0, num_classes, len(labels)) for _ in range(2)]
    like_labels = [random.permutation(labels) for _ in range(2)]
    nearly_constant = np.where(random.random(len(labels)) < 0.1, at_random[0], 0)
    return [*at_random, *like_labels, nearly_constant]


UNEQUAL = np.array([0.8, 0.1, 0.1])
CASES = [
    pytest.param(np.full(2, 1 / 2), 200, id="two classes"),
    pytest.param(UNEQUAL, 100, id="unequal classes"),
    pytest.param(np.full(77, 1 / 77), 300, id="77 classes"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "num_reviews"), CASES)
def test_random_labels_are_rarely_said_to_be_learned(
    shares: np.ndarray, num_reviews: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chance, "NUM_TABLES", 999)
    learned = 0
    for seed in range(NUM_SIMULATIONS):
        random = np.random.default_rng(seed)
        labels = draw_labels(random, shares=shares, num_reviews=num_reviews)
        answers = guess(random, labels, num_classes=len(shares))
        models = [make_contestant(f"model-{index}", answer, labels) for index, answer in enumerate(answers)]
        learned += any(find_learners(models, 0).values())
    assert learned <= 6


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "num_reviews"), CASES)
def test_healthy_model_always_beats_chance_beside_models_that_guess(shares: np.ndarray, num_reviews: int) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        labels = draw_labels(random, shares=shares, num_reviews=num_reviews)
        guesses = guess(random, labels, num_classes=len(shares))
        healthy = np.where(random.random(num_reviews) < 0.7, labels, guesses[0])
        models = [make_contestant(f"model-{index}", it, labels) for index, it in enumerate([*guesses, healthy])]
        assert find_learners(models, 0)["model-5"] is not None


def test_rare_classes_may_be_found_without_being_right_more_often() -> None:
    """Of 1,000 reviews, 900 have label 0. The model finds 60 of the other 100 and takes 80 for them that are not."""
    labels = np.repeat([0, 1], [900, 100]).astype(np.int32)
    predicted = np.concatenate([np.repeat([0, 1], [820, 80]), np.repeat([0, 1], [40, 60])])
    assert (predicted == labels).mean() < 0.9
    assert find_learners([make_contestant("rare", predicted, labels)], 0) == {"rare": "macro-F1"}


def test_model_that_is_right_more_often_beats_chance_on_accuracy() -> None:
    labels = np.arange(100, dtype=np.int32) % 2
    good = np.where(np.arange(100) < 80, labels, 1 - labels)
    models = [make_contestant("good", good, labels), make_contestant("constant", np.zeros(100, np.intp), labels)]
    assert find_learners(models, 0) == {"good": "accuracy", "constant": None}


def test_correction_covers_all_models() -> None:
    """Twelve reviews that only the model gets right: 0.00024 for one model, but not enough among 200."""
    labels = np.repeat([0, 1], [20, 12]).astype(np.int32)
    good = make_contestant("good", labels, labels)
    alone = find_learners([good], 0)
    others = [make_contestant(f"constant-{index}", np.zeros(32, np.intp), labels) for index in range(200)]
    assert alone == {"good": "accuracy"}
    assert find_learners([good, *others], 0)["good"] is None


def test_accuracy_agrees_with_the_hand() -> None:
    labels = np.array([1, 1, 1, 1, 1, 0, 0], np.int32)
    assert compare_accuracy(labels, labels, 0) == pytest.approx(0.5**5)
    assert compare_accuracy(1 - labels, labels, 0) == 1.0


def test_macro_f1_of_two_classes_agrees_with_fishers_exact_test() -> None:
    """40 reviews, half of each label, half of each answer, 14 of the 20 of a label found: hypergeometric."""
    labels = np.repeat([0, 1], 20).astype(np.int32)
    predicted = np.concatenate([np.repeat([0, 1], [14, 6]), np.repeat([0, 1], [6, 14])])
    exact = hypergeom(40, 20, 20).sf(13)
    assert compare_macro_f1(predicted, labels, 0) == pytest.approx(exact, abs=0.006)
    four = np.array([0, 0, 1, 1], np.int32)
    assert compare_macro_f1(four, four, 0) == pytest.approx(1 / 6, abs=0.02)


def test_macro_f1_of_several_classes_agrees_with_shuffled_predictions() -> None:
    from sklearn.metrics import f1_score

    random = np.random.default_rng(0)
    labels = draw_labels(random, shares=np.array([0.5, 0.3, 0.15, 0.05]), num_reviews=60)
    predicted = np.where(random.random(60) < 0.08, labels, random.permutation(labels))
    observed = f1_score(labels, predicted, average="macro")
    shuffled = [f1_score(labels, random.permutation(predicted), average="macro") for _ in range(1_000)]
    expected = np.mean([value >= observed - 1e-12 for value in shuffled])
    assert 0.02 < expected < 0.9
    assert compare_macro_f1(predicted, labels, 0) == pytest.approx(expected, abs=0.05)


def test_association_the_wrong_way_round_is_not_learning() -> None:
    labels = np.arange(200, dtype=np.int32) % 2
    assert measure_chance(1 - labels, labels, 0).macro_f1 > 0.9


def test_drawing_in_parts_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.repeat([0, 1, 2], 20).astype(np.int32)
    predicted = np.random.default_rng(1).permutation(labels)
    at_once = compare_macro_f1(predicted, labels, 0)
    monkeypatch.setattr(chance, "CELLS_AT_A_TIME", 100)
    assert compare_macro_f1(predicted, labels, 0) == at_once


def test_same_answer_to_every_review_is_not_learned_whichever_it_is() -> None:
    """Here the label that is commonest in training is not the one that is commonest on test."""
    labels = np.repeat([0, 1], [20, 80]).astype(np.int32)
    assert measure_chance(np.ones(100, np.intp), labels, 0) == (1.0, 1.0)


def test_constant_answer_is_that_of_the_baseline_or_the_commonest_in_training() -> None:
    train = np.array([2, 1, 1, 0], np.int32)
    test = np.array([2, 2, 2], np.int32)
    assert find_constant([], train) == 1
    assert find_constant([make_contestant("lstm", test, test)], train) == 1
    assert find_constant([make_contestant("majority", test, test)], train) == 2


@pytest.mark.parametrize(("num_reviews", "num_models", "enough"), [(4, 1, False), (10, 1, True), (10, 20, False)])
def test_few_reviews_cannot_show_anything(num_reviews: int, num_models: int, *, enough: bool) -> None:
    """Of ten reviews, half of each label, one in 252 orders is without mistakes."""
    labels = np.arange(num_reviews, dtype=np.int32) % 2
    assert can_beat_chance(labels, 0, num_models=num_models) is enough


def test_test_split_of_one_label_cannot_show_anything() -> None:
    assert not can_beat_chance(np.zeros(1_000, np.int32), 0, num_models=1)


def test_many_classes_are_tested_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    labels = draw_labels(random, shares=np.full(20, 1 / 20), num_reviews=200)
    for share in (0.0, 0.04, 0.08):
        predicted = np.where(random.random(200) < share, labels, random.integers(0, 20, 200))
        monkeypatch.setattr(chance, "MANY_CLASSES", 50)
        by_tables = compare_macro_f1(predicted, labels, 0)
        monkeypatch.setattr(chance, "MANY_CLASSES", 10)
        by_shuffling = compare_macro_f1(predicted, labels, 0)
        # Two estimates of the same p-value from 4,999 draws each.
        assert abs(by_tables - by_shuffling) < 4 * np.sqrt(2 * max(by_tables * (1 - by_tables), 1e-3) / 4_999)


def test_shuffling_keeps_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "NUM_TABLES", 2_000)
    confusion = np.array([[3, 1, 0], [0, 2, 2], [1, 1, 2]])
    hits = np.concatenate(list(chance.draw_hits_of_many(confusion)))
    assert hits.shape == (2_000, 3)
    expected = confusion.sum(axis=0) * confusion.sum(axis=1) / confusion.sum()
    np.testing.assert_allclose(hits.mean(axis=0), expected, atol=0.08)
