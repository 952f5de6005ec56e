"""Which model to ship: the best on validation, or one that is as good and cheaper to run."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean

from tasks.compare.facts import Pair, Recommendation
from tasks.compare.leaderboard_facts import Spread
from tasks.compare.results import Contestant, rank_on_validation


def recommend(
    contestants: Sequence[Contestant], pairs: Sequence[Pair], accuracy: Mapping[str, Spread], *, num_validation: int
) -> Recommendation | None:
    """Recommend one model; None when nothing trained. `accuracy` is each variant's accuracy on test.

    The choice is made on the `num_validation` validation reviews. A cheaper model replaces the best if the two do not
    differ significantly on test, and if its mean validation accuracy over the seeds is within one standard error of the
    best (Breiman et al. 1984). The first condition is not enough: with few seeds or reviews, the test finds no
    difference between unequal models either. The cheapest model is the one that scores the most reviews per second.
    """
    if not contestants:
        return None
    best = max(contestants, key=lambda it: rank_on_validation(it.shipped_result))
    expected = average_on_validation(best)
    least = expected - sqrt(expected * (1 - expected) / num_validation)
    tied = [it for it in contestants if it is best or not are_told_apart(it.name, best.name, pairs)]
    equal = [it for it in tied if average_on_validation(it) >= least]
    cheapest = max(equal, key=lambda it: it.shipped_result.metrics.predict_reviews_per_second)
    return Recommendation(
        name=cheapest.name,
        group=cheapest.group,
        model=cheapest.shipped_result.folder,
        seed=cheapest.shipped_result.seed,
        accuracy=accuracy[cheapest.name],
        best_on_validation=best.name,
        tied=tuple(it.name for it in equal if it is not cheapest),
        behind=tuple(it.name for it in tied if average_on_validation(it) < least),
    )


def average_on_validation(contestant: Contestant) -> float:
    """Average the validation accuracy over the seeds."""
    return fmean(result.metrics.validation.accuracy for result in contestant.results)


def are_told_apart(first: str, second: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether the shipped models of two variants differ significantly."""
    return any(pair.told_apart for pair in pairs if {pair.first, pair.second} == {first, second})
