"""Which models differ: tests and intervals over all pairs of models that answered the same reviews."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from tasks.compare.facts import ALPHA, Pair
from tasks.evaluate.intervals import draw_reviews, draw_seed_effects, percentile_interval


def compare_pairs(correct: Mapping[str, NDArray[np.bool_]], shipped: Mapping[str, int]) -> list[Pair]:
    """Compare all unordered pairs of models, in the order of `correct`.

    `correct[name]` holds hits of shape (num_seeds, num_reviews) on the same reviews, and `shipped[name]` is the row of
    the seed that would be shipped, chosen without the test split. A pair `differs` when two conditions hold: McNemar's
    test of the shipped models, corrected by Holm over all pairs, rejects at 5%, and the interval of the difference
    excludes zero. The test is about the two models at hand, on other reviews; the interval is about the two recipes,
    also with other seeds. Either alone would call a lucky seed a better recipe, or a better recipe a better model. The
    interval is not corrected for the number of pairs: among pairs of equal recipes, however much their seeds vary,
    fewer than 5% differ.
    """
    names = list(combinations(correct, 2))
    tested = {name: correct[name][shipped[name]] for name in correct}
    p_values = [mcnemar_exact(tested[first], tested[second]) for first, second in names]
    pairs = []
    for (first, second), p_value, p_holm in zip(names, p_values, correct_holm(p_values), strict=True):
        low, high = bootstrap_difference(correct[first], correct[second])
        only_first, only_second = count_discordant(tested[first], tested[second])
        pairs.append(
            Pair(
                first=first,
                second=second,
                difference=float(correct[first].mean() - correct[second].mean()),
                low=low,
                high=high,
                only_first=only_first,
                only_second=only_second,
                p_value=p_value,
                p_holm=p_holm,
                differs=p_holm < ALPHA and (low > 0 or high < 0),
            )
        )
    return pairs


def mcnemar_exact(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Test whether two models are right equally often: two-sided exact p-value for hits of shape (num_reviews,).

    Each model is then expected to have half of the reviews that only one got right (McNemar 1947); without such reviews
    the p-value is 1. With five that only the first got right and none that only the second did, it is 2 * 0.5**5 =
    0.0625.
    """
    only_first, only_second = count_discordant(first, second)
    return float(mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue)


def count_discordant(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the reviews that only the first and only the second model got right."""
    return int((first & ~second).sum()), int((second & ~first).sum())


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for multiple testing (Holm 1979): [0.01, 0.04, 0.03] -> [0.03, 0.06, 0.06]."""
    if not p_values:
        return []
    _, corrected, _, _ = multipletests(p_values, method="holm")
    return [float(p_value) for p_value in corrected]


def bootstrap_difference(first: NDArray[np.bool_], second: NDArray[np.bool_], *, seed: int = 0) -> tuple[float, float]:
    """Return the bounds of the 95% percentile interval of mean(first) - mean(second).

    Hits have shape (num_seeds, num_reviews); the numbers of seeds may differ. Reviews are drawn with replacement, the
    same ones for both models, so that a review that is hard for both does not widen the interval. The seeds of the two
    models are independent (`tasks.evaluate.intervals.draw_seed_effects`); a model with one seed has no spread over
    seeds.
    """
    random = np.random.default_rng(seed)
    # Reviews with the same difference of hits can be drawn as one kind; it is counted in units that divide both numbers
    # of seeds.
    gaps, counts = np.unique(first.sum(axis=0) * len(second) - second.sum(axis=0) * len(first), return_counts=True)
    differences = draw_reviews(counts, random) @ gaps / (first.size * len(second))
    differences += draw_seed_effects(first, second, random=random)
    return percentile_interval(np.clip(differences, -1.0, 1.0))


def group_ties(names: Sequence[str], pairs: Sequence[Pair]) -> list[list[str]]:
    """Group names, best first: the best and all that do not differ from it significantly, then the same for the rest.

    Groups are about the models at hand, one of which is to be shipped, so only McNemar's test with Holm's correction
    counts, not the interval: a seed that learns nothing makes the interval of its recipe so wide that the recipe
    differs from none, but the model that would be shipped is no better for it. Two members of a group may differ from
    each other.
    """
    different = {frozenset((pair.first, pair.second)) for pair in pairs if pair.told_apart}
    groups = []
    rest = list(names)
    while rest:
        best = rest[0]
        groups.append([name for name in rest if frozenset((best, name)) not in different])
        rest = [name for name in rest if frozenset((best, name)) in different]
    return groups
