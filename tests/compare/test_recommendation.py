"""Which model to ship: chosen on validation, and among models that the test cannot tell apart by its speed."""

from typing import Any

import numpy as np
import pytest

from tasks.compare.leaderboard_facts import Spread
from tasks.compare.recommendation import recommend
from tasks.compare.recommendation_facts import Recommendation
from tasks.compare.results import Contestant, TrainedModel
from tasks.evaluate.facts import EvaluationFacts, Scores
from tasks.train.facts import TrainingFacts


def test_best_on_validation_is_recommended(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 90), add_result("flatten", 40))
    assert metrics["recommendation"]["name"] == "lstm"
    assert metrics["recommendation"]["tied"] == []


def test_choice_is_made_on_validation_not_on_test(build: Any, add_result: Any) -> None:
    lucky = add_result("lstm", 95, validation={"accuracy": 0.6, "nll": 0.5})
    chosen = add_result("flatten", 75, validation={"accuracy": 0.9, "nll": 0.5})
    recommendation = build(lucky, chosen)["recommendation"]
    assert recommendation["name"] == "flatten"
    assert recommendation["accuracy"]["mean"] == 0.75


def test_cheaper_of_tied_models_takes_the_place_of_the_best(build: Any, add_result: Any) -> None:
    best = add_result("lstm", 91, predict_reviews_per_second=100.0)
    cheap = add_result("flatten", 90, predict_reviews_per_second=900.0)
    cheap_but_bad = add_result("average-pool", 40, predict_reviews_per_second=9_000.0)
    recommendation = build(best, cheap, cheap_but_bad)["recommendation"]
    assert (recommendation["name"], recommendation["best_on_validation"]) == ("flatten", "lstm")
    assert recommendation["tied"] == ["lstm"]


def test_seed_that_is_shipped_is_the_best_on_validation(build: Any, add_result: Any) -> None:
    first = add_result("lstm", 95, seed=1, validation={"accuracy": 0.8, "nll": 0.5})
    second = add_result("lstm", 85, seed=2, validation={"accuracy": 0.8, "nll": 0.4})
    recommendation = build(first, second, seeds=2)["recommendation"]
    assert recommendation["seed"] == 2
    assert recommendation["model"] == "models/lstm/seed-2"


def test_variant_with_a_seed_that_learned_nothing_is_no_cheaper_equal(build: Any, add_result: Any) -> None:
    good = add_result("nb-svm", 95, group="baseline", predict_reviews_per_second=10.0)
    seeds = [add_result("lstm", hits, seed=seed) for seed, hits in enumerate((60, 5, 62), start=1)]
    recommendation = build(good, *seeds, seeds=3)["recommendation"]
    assert recommendation["name"] == "nb-svm"
    assert recommendation["tied"] == []


def test_tied_variant_whose_seeds_are_behind_on_validation_does_not_take_the_place(build: Any, add_result: Any) -> None:
    best = add_result("lstm", 91, predict_reviews_per_second=100.0, validation={"accuracy": 0.9, "nll": 0.5})
    cheap = [
        add_result("flatten", 90, seed=seed, predict_reviews_per_second=900.0, validation={"accuracy": it, "nll": 0.5})
        for seed, it in ((1, 0.9), (2, 0.2))
    ]
    recommendation = build(best, *cheap, seeds=2)["recommendation"]
    assert recommendation["name"] == "lstm"
    assert (recommendation["tied"], recommendation["behind"]) == ([], ["flatten"])


@pytest.mark.parametrize(("accuracy", "name"), [(0.88, "flatten"), (0.86, "lstm")])
def test_cheaper_one_may_be_a_standard_error_behind(accuracy: float, name: str) -> None:
    # The standard error of 90% of 100 reviews is 3 points.
    contestants = [
        make_contestant("lstm", accuracy=0.9, speed=1.0),
        make_contestant("flatten", accuracy=accuracy, speed=2.0),
    ]
    on_test = Spread(mean=0.5, sd=None, low=0.4, high=0.6)
    recommendation = recommend(contestants, [], {it.name: on_test for it in contestants}, num_validation=100)
    assert recommendation is not None
    assert recommendation.name == name


@pytest.mark.parametrize(("speeds", "name"), [((21_115.0, 22_085.0), "lstm"), ((10.0, 15.0), "flatten")])
def test_difference_in_speed_within_noise_is_not_cheaper(speeds: tuple[float, float], name: str) -> None:
    contestants = [
        make_contestant("lstm", accuracy=0.9, speed=speeds[0]),
        make_contestant("flatten", accuracy=0.89, speed=speeds[1]),
    ]
    assert choose(contestants).name == name


def test_of_equally_cheap_models_the_better_on_validation_is_chosen() -> None:
    contestants = [
        make_contestant("lstm", accuracy=0.9, speed=1.0),
        make_contestant("flatten", accuracy=0.88, speed=2.2),
        make_contestant("conv-max", accuracy=0.89, speed=2.0),
    ]
    assert choose(contestants).name == "conv-max"


def test_of_equally_cheap_and_good_models_the_smaller_is_chosen() -> None:
    contestants = [
        make_contestant("large", accuracy=0.9, speed=1.0, num_params=9),
        make_contestant("small", accuracy=0.9, speed=1.0, num_params=2),
    ]
    assert choose(contestants).name == choose(contestants[::-1]).name == "small"


@pytest.mark.parametrize(("speed", "is_cheapest"), [(1.0, True), (2.0, False)])
def test_cheapest_is_clearly_faster_than_all_that_are_as_good(speed: float, *, is_cheapest: bool) -> None:
    contestants = [
        make_contestant("lstm", accuracy=0.9, speed=2.0),
        make_contestant("flatten", accuracy=0.89, speed=speed),
    ]
    assert choose(contestants).is_cheapest is is_cheapest


def test_model_at_chance_is_neither_recommended_nor_the_cheaper_one(build: Any, add_result: Any) -> None:
    good = add_result("nb-svm", 80, group="baseline", predict_reviews_per_second=10.0)
    lucky = add_result("lstm", 55, predict_reviews_per_second=900.0, validation={"accuracy": 0.9, "nll": 0.5})
    recommendation = build(good, lucky)["recommendation"]
    assert (recommendation["name"], recommendation["best_on_validation"]) == ("nb-svm", "nb-svm")
    assert (recommendation["tied"], recommendation["behind"]) == ([], [])
    assert recommendation["nothing_learned"] is None


def choose(contestants: list[Contestant]) -> Recommendation:
    """Recommend one of models that the test does not tell apart; a standard error is three points."""
    on_test = Spread(mean=0.5, sd=None, low=0.4, high=0.6)
    found = recommend(contestants, [], {it.name: on_test for it in contestants}, num_validation=100)
    assert found is not None
    return found


def make_contestant(
    name: str, *, accuracy: float, speed: float, speeds: tuple[float, ...] = (), num_params: int = 0
) -> Contestant:
    validation = Scores.model_construct(accuracy=accuracy, nll=0.5)
    metrics = EvaluationFacts.model_construct(
        validation=validation, predict_reviews_per_second=speed, predict_speeds=speeds
    )
    result = TrainedModel.model_construct(
        variant=name,
        group="seed",
        encoding="words",
        seed=1,
        folder=f"models/{name}",
        metrics=metrics,
        training=TrainingFacts.model_construct(num_params=num_params),
    )
    nothing = np.zeros((1, 1))
    answers = nothing.astype(np.int32)
    return Contestant(name, [result], lambda _: nothing, 1, answers, nothing.astype(bool), answers)


@pytest.mark.parametrize(
    ("speeds", "chosen"),
    [
        ((190.0, 200.0, 210.0, 205.0, 195.0), "cheap"),
        # One slow measurement is no reason.
        ((190.0, 200.0, 210.0, 205.0, 20.0), "cheap"),
        # Half of them are as slow as those of the other.
        ((100.0, 200.0, 210.0, 205.0, 100.0), "good"),
        # The median is not clearly higher.
        ((140.0, 141.0, 140.0, 142.0, 140.0), "good"),
    ],
)
def test_cheaper_is_beyond_the_noise_of_several_measurements(speeds: tuple[float, ...], chosen: str) -> None:
    good = make_contestant("good", accuracy=0.91, speed=100.0, speeds=(95.0, 100.0, 105.0, 110.0, 90.0))
    cheap = make_contestant("cheap", accuracy=0.90, speed=150.0, speeds=speeds)
    assert choose([good, cheap]).name == chosen


def test_nothing_trained_nothing_recommended(build: Any, fail_result: Any) -> None:
    assert build(fail_result("lstm"))["recommendation"] is None
