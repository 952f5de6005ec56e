"""Which model to ship: the best on validation, or one that is as good and clearly cheaper to run."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import Final, NamedTuple

import numpy as np

from tasks.compare.facts import Pair
from tasks.compare.leaderboard_facts import Spread
from tasks.compare.recommendation_facts import Recommendation
from tasks.compare.results import Contestant, rank_on_validation

# How many times as fast a model must be to count as cheaper. The measurements of a model follow one another, and other
# work on the machine may slow down all of them.
CLEARLY_FASTER: Final = 1.5


class Speed(NamedTuple):
    """Reviews scored per second: the median and the quartiles of several measurements."""

    low: float
    median: float
    high: float


def recommend(
    learners: Sequence[Contestant], pairs: Sequence[Pair], accuracy: Mapping[str, Spread], *, num_validation: int
) -> Recommendation | None:
    """Recommend one of the models that beat chance; None when there is none. `accuracy` is by variant, on test.

    The choice is made on the `num_validation` validation reviews. A cheaper model replaces the best if the two do not
    differ significantly on test, and if its mean validation accuracy over the seeds is within one standard error of the
    best (Breiman et al. 1984). The first condition is not enough: with few seeds or reviews, the test finds no
    difference between unequal models either. If the run aims at another metric, that takes the place of accuracy.
    """
    if not learners:
        return None
    best = max(learners, key=rank)
    expected = average_on_validation(best)
    least = expected - estimate_error_on_validation(best, num_validation)
    tied = [it for it in learners if it is best or not are_told_apart(it.name, best.name, pairs)]
    equal = [it for it in tied if average_on_validation(it) >= least]
    chosen = choose_cheapest(best, equal)
    others = [it for it in equal if it is not chosen]
    return Recommendation(
        name=chosen.name,
        group=chosen.group,
        model=chosen.shipped_result.folder,
        seed=chosen.shipped_result.seed,
        accuracy=accuracy[chosen.name],
        best_on_validation=best.name,
        tied=tuple(it.name for it in others),
        behind=tuple(it.name for it in tied if average_on_validation(it) < least),
        is_cheapest=all(is_cheaper(chosen, it) for it in others),
    )


def choose_cheapest(best: Contestant, equal: Sequence[Contestant]) -> Contestant:
    """Choose the model that is cheapest to run; the best stays unless another is clearly cheaper.

    Models whose speed is not clearly below that of the fastest count as equally cheap, and the best of them on
    validation is chosen.
    """
    cheaper = [it for it in equal if is_cheaper(it, best)]
    if not cheaper:
        return best
    fastest = max(cheaper, key=lambda it: measure_speed(it).median)
    return max((it for it in cheaper if not is_cheaper(fastest, it)), key=rank)


def is_cheaper(model: Contestant, other: Contestant) -> bool:
    """Tell whether a model scores clearly more reviews per second than another: by a factor, and beyond the noise."""
    speed, others = measure_speed(model), measure_speed(other)
    return speed.median >= CLEARLY_FASTER * others.median and speed.low >= others.high


def measure_speed(contestant: Contestant) -> Speed:
    """Gather the reviews scored per second in all measurements of all seeds."""
    measured = [
        result.metrics.predict_speeds or (result.metrics.predict_reviews_per_second,) for result in contestant.results
    ]
    low, middle, high = np.quantile(np.concatenate(measured), (0.25, 0.5, 0.75)).tolist()
    return Speed(low, middle, high)


def rank(contestant: Contestant) -> tuple[float, float, int]:
    """Return the key of a choice on validation, higher is better; among equals the smaller model is better."""
    return *rank_on_validation(contestant.shipped_result), -contestant.shipped_result.training.num_params


def average_on_validation(contestant: Contestant) -> float:
    """Average the validation accuracy, or the metric that decides instead, over the seeds."""
    return fmean(result.metrics.read_score(result.metrics.validation) for result in contestant.results)


def estimate_error_on_validation(contestant: Contestant, num_validation: int) -> float:
    """Estimate the standard error of the same: that of a rate for accuracy, a bootstrap for other metrics."""
    metrics = contestant.shipped_result.metrics
    if metrics.objective is not None:
        # Imported here because every report imports this module.
        from tasks.compare.aimed import estimate_error

        return estimate_error(metrics.validation, metrics.objective)
    accuracy = average_on_validation(contestant)
    return sqrt(accuracy * (1 - accuracy) / num_validation)


def are_told_apart(first: str, second: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether the shipped models of two variants differ significantly."""
    return any(pair.told_apart for pair in pairs if {pair.first, pair.second} == {first, second})
