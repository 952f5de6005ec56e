"""Which model to ship: the best on validation, or one that is as good and clearly cheaper to run."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, median
from typing import Final

from tasks.compare.facts import Pair
from tasks.compare.leaderboard_facts import Spread
from tasks.compare.recommendation_facts import Recommendation
from tasks.compare.results import Contestant, rank_on_validation

# How many times as fast a model must be to count as cheaper. Each speed is a single measurement of unknown spread; a
# smaller factor often comes from other work on the machine.
CLEARLY_FASTER: Final = 1.5


def recommend(
    learners: Sequence[Contestant], pairs: Sequence[Pair], accuracy: Mapping[str, Spread], *, num_validation: int
) -> Recommendation | None:
    """Recommend one of the models that beat chance; None when there is none. `accuracy` is by variant, on test.

    The choice is made on the `num_validation` validation reviews. A cheaper model replaces the best if the two do not
    differ significantly on test, and if its mean validation accuracy over the seeds is within one standard error of the
    best (Breiman et al. 1984). The first condition is not enough: with few seeds or reviews, the test finds no
    difference between unequal models either.
    """
    if not learners:
        return None
    best = max(learners, key=rank)
    expected = average_on_validation(best)
    least = expected - sqrt(expected * (1 - expected) / num_validation)
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
    fastest = max(cheaper, key=measure_speed)
    return max((it for it in cheaper if not is_cheaper(fastest, it)), key=rank)


def is_cheaper(model: Contestant, other: Contestant) -> bool:
    """Tell whether a model scores clearly more reviews per second than another."""
    return measure_speed(model) >= CLEARLY_FASTER * measure_speed(other)


def measure_speed(contestant: Contestant) -> float:
    """Return the reviews scored per second, the median over the seeds."""
    return median(result.metrics.predict_reviews_per_second for result in contestant.results)


def rank(contestant: Contestant) -> tuple[float, float, int]:
    """Return the key of a choice on validation, higher is better; among equals the smaller model is better."""
    return *rank_on_validation(contestant.shipped_result), -contestant.shipped_result.training.num_params


def average_on_validation(contestant: Contestant) -> float:
    """Average the validation accuracy over the seeds."""
    return fmean(result.metrics.validation.accuracy for result in contestant.results)


def are_told_apart(first: str, second: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether the shipped models of two variants differ significantly."""
    return any(pair.told_apart for pair in pairs if {pair.first, pair.second} == {first, second})
