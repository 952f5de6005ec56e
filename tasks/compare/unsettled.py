"""What the test leaves open about the recommended model, and how many test reviews would settle it."""

from collections.abc import Sequence
from itertools import combinations

from tasks.compare.facts import Pair
from tasks.compare.power import count_reviews_between
from tasks.compare.recommendation import are_told_apart
from tasks.compare.recommendation_facts import Recommendation, Unsettled
from tasks.compare.results import Contestant


def find_unsettled(found: Recommendation, learners: Sequence[Contestant], pairs: Sequence[Pair]) -> Unsettled | None:
    """Find the most accurate model that the test does not tell from the recommended one; `learners` beat chance.

    None if there is none, or if more test reviews would not help because the two are right equally often.
    """
    chosen = next((it for it in learners if it.name == found.name), None)
    rivals = [it for it in learners if it.name in {*found.tied, *found.behind}]
    if chosen is None or not rivals:
        return None
    rival = max(rivals, key=lambda it: it.accuracy)
    own, others = chosen.correct[chosen.shipped], rival.correct[rival.shipped]
    needed = count_reviews_between(own, others, num_pairs=len(pairs))
    if needed is None:
        return None
    return Unsettled(
        rival=rival.name,
        lead=float(own.mean() - others.mean()),
        num_test_reviews=needed,
        none_told_apart=not any(
            are_told_apart(first.name, second.name, pairs) for first, second in combinations(learners, 2)
        ),
    )
