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
    """Recommend one model; None when nothing trained. `accuracy` is that of each variant on test.

    The choice is made on the `num_validation` reviews of validation. A cheaper model takes the place of the best when
    the test does not tell the two apart and its mean over the seeds is not behind by more than a standard error of the
    best (Breiman et al. 1984): that a test with few seeds or reviews finds no difference does not make models equal.
    Cheap is a high number of reviews scored per second.
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
    """Average the accuracy on validation over the seeds."""
    return fmean(result.metrics.validation.accuracy for result in contestant.results)


def are_told_apart(first: str, second: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether the shipped models of two variants differ beyond chance."""
    return any(pair.told_apart for pair in pairs if {pair.first, pair.second} == {first, second})
