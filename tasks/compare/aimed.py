"""Models compared by the metric that decides, where that is not accuracy: intervals, standard errors and tests."""

import statistics
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.compare.facts import ALPHA, Pair
from tasks.compare.leaderboard_facts import Spread
from tasks.compare.results import Contestant
from tasks.compare.significance import compare_pairs, correct_holm, count_discordant
from tasks.evaluate.facts import Scores, SparseConfusion
from tasks.evaluate.intervals import bootstrap_accuracy, percentile_interval
from tasks.objective.decisions import evaluate
from tasks.objective.facts import Objective
from tasks.objective.tally import CELLS_AT_A_TIME, count_kinds, draw_reviews, measure, resample

NUM_DRAWS: Final = 2_000
# The smallest p-value is 1 / 5,000, which is still significant after a correction for 200 pairs.
NUM_SWAPS: Final = 4_999
# The same sum in another order of its terms differs by less.
ROUNDING: Final = 1e-12

Numbers = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]


def summarise_score(contestant: Contestant, objective: Objective) -> Spread:
    """Summarise the metric of a contestant's seeds, as `summarise_answers` does.

    A recall is the accuracy on the reviews of a label, and gets the interval of one.
    """
    if objective.place is not None and (mine := contestant.labels == objective.place).any():
        return summarise_hits(contestant.correct[:, mine])
    return summarise_answers(contestant.predicted, contestant.labels, contestant.num_classes, objective)


def summarise_hits(correct: NDArray[np.bool_]) -> Spread:
    """Summarise hits of shape (num_seeds, num_reviews): mean, standard deviation over the seeds, and 95% interval."""
    rates = [float(rate) for rate in correct.mean(axis=1)]
    low, high = bootstrap_accuracy(correct)
    return Spread(
        mean=statistics.fmean(rates), sd=statistics.stdev(rates) if len(rates) > 1 else None, low=low, high=high
    )


def summarise_answers(answers: Labels, labels: Labels, num_classes: int, objective: Objective) -> Spread:
    """Return the mean of a metric over the seeds, its standard deviation, and its 95% interval; costs are positive.

    The answers have shape (num_seeds, num_reviews), the labels (num_reviews,).
    """
    values = [objective.sign * evaluate(row, labels, num_classes, objective) for row in answers]
    draws = objective.sign * draw_scores(answers, labels, num_classes, objective)
    low, high = percentile_interval(draws + draw_seeds([values]))
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Spread(mean=statistics.fmean(values), sd=sd, low=low, high=high)


def measure_seeds(contestant: Contestant, objective: Objective) -> list[float]:
    """Measure the metric of each seed on test; more is better."""
    num_classes = contestant.num_classes
    return [evaluate(row, contestant.labels, num_classes, objective) for row in contestant.predicted]


def draw_scores(answers: Labels, labels: Labels, num_classes: int, objective: Objective) -> Numbers:
    """Resample the reviews and average the metric over the seeds: shape (NUM_DRAWS,)."""
    found = resample(labels, list(answers), num_classes, objective, num_draws=NUM_DRAWS)
    return np.asarray(np.mean(found, axis=0))


def draw_seeds(models: Sequence[Sequence[float]]) -> Numbers:
    """Draw how far means over a few seeds may be from those over all: Student's t with Welch's degrees of freedom.

    `models` has the metric of each seed of one or two models. Zero for models with one seed, which shows no spread.
    """
    variances = np.array([np.var(it, ddof=1) / len(it) if len(it) > 1 else 0.0 for it in models])
    if not variances.any():
        return np.zeros(NUM_DRAWS)
    spare = np.array([max(len(it) - 1, 1) for it in models])
    degrees = variances.sum() ** 2 / (variances**2 / spare).sum()
    draws: Numbers = np.sqrt(variances.sum()) * np.random.default_rng(1).standard_t(degrees, size=NUM_DRAWS)
    return draws


def estimate_error(scores: Scores, objective: Objective) -> float:
    """Estimate the standard error of a metric from the counts of a confusion matrix, by a bootstrap."""
    labels, answers, counts, num_classes = list_cells(scores.confusion)
    if not counts.sum():
        return 0.0
    draws = np.concatenate(
        [
            measure(count_kinds(part, labels, answers, num_classes, objective), objective)
            for part in draw_reviews(counts, NUM_DRAWS)
        ]
    )
    return float(draws.std())


def list_cells(confusion: tuple[tuple[int, ...], ...] | SparseConfusion) -> tuple[Labels, Labels, Labels, int]:
    """List the labels, answers and counts of the cells that are not zero, and the number of classes."""
    if isinstance(confusion, SparseConfusion):
        labels, answers, counts = (np.array(it) for it in (confusion.labels, confusion.predicted, confusion.counts))
        return labels, answers, counts, confusion.num_classes
    dense = np.array(confusion)
    labels, answers = np.nonzero(dense)
    return labels, answers, dense[labels, answers], len(dense)


def compare_aimed(contestants: Sequence[Contestant], objective: Objective) -> list[Pair]:
    """Compare all pairs of models, as `compare_pairs` does for accuracy; differences are such that more is better.

    A recall is the accuracy on the reviews of a label, so these are compared as all reviews are otherwise. For other
    metrics, the test of the shipped models swaps their answers at random, review by review (Fisher's randomisation
    test): if both were equally good, no swap would matter. The interval is a bootstrap of the reviews and a draw of the
    seeds.
    """
    if objective.place is not None:
        hits = {it.name: it.correct[:, it.labels == objective.place] for it in contestants}
        return compare_pairs(hits, {it.name: it.shipped for it in contestants})
    couples = list(combinations(contestants, 2))
    values_of = {it.name: measure_seeds(it, objective) for it in contestants}
    p_values = [compare_by_swaps(first, second, objective) for first, second in couples]
    pairs = []
    for (first, second), p_value, p_holm in zip(couples, p_values, correct_holm(p_values), strict=True):
        values, others = values_of[first.name], values_of[second.name]
        low, high = percentile_interval(draw_differences(first, second, objective) + draw_seeds([values, others]))
        only_first, only_second = count_discordant(first.correct[first.shipped], second.correct[second.shipped])
        pairs.append(
            Pair(
                first=first.name,
                second=second.name,
                difference=statistics.fmean(values) - statistics.fmean(others),
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


def draw_differences(first: Contestant, second: Contestant, objective: Objective) -> Numbers:
    """Resample the reviews, the same ones for both models; the difference of their means over the seeds."""
    found = resample(
        first.labels,
        [*first.predicted, *second.predicted],
        first.num_classes,
        objective,
        num_draws=NUM_DRAWS,
    )
    num_seeds = len(first.predicted)
    return np.asarray(np.mean(found[:num_seeds], axis=0) - np.mean(found[num_seeds:], axis=0))


def compare_by_swaps(first: Contestant, second: Contestant, objective: Objective) -> float:
    """Test whether two shipped models are equally good: two-sided p-value (Phipson & Smyth 2010)."""
    answers = first.predicted[first.shipped], second.predicted[second.shipped]
    kinds, counts = np.unique(np.stack([first.labels, *answers]), axis=1, return_counts=True)
    num_classes = first.num_classes
    observed = compare_swapped(np.zeros((1, len(counts))), counts, kinds, num_classes, objective)[0]
    drawn = [
        compare_swapped(part, counts, kinds, num_classes, objective)
        for part in draw_swaps(counts, kinds[1] != kinds[2])
    ]
    as_far = sum(int((np.abs(it) >= abs(observed) - ROUNDING).sum()) for it in drawn)
    return (1 + as_far) / (1 + NUM_SWAPS)


def draw_swaps(counts: NDArray[Any], differ: NDArray[np.bool_]) -> list[Numbers]:
    """Draw how many reviews of each kind get their answers swapped, in parts of shape (some draws, num_kinds)."""
    random = np.random.default_rng(0)
    at_a_time = max(1, CELLS_AT_A_TIME // len(counts))
    sizes = [min(at_a_time, NUM_SWAPS - start) for start in range(0, NUM_SWAPS, at_a_time)]
    return [random.binomial(np.where(differ, counts, 0), 0.5, size=(size, len(counts))).astype(float) for size in sizes]


def compare_swapped(
    swapped: Numbers, counts: NDArray[Any], kinds: NDArray[Any], num_classes: int, objective: Objective
) -> Numbers:
    """Measure the difference between two models some of whose answers are swapped: shape (num_draws,).

    `kinds` has the labels and both models' answers in its rows.
    """
    labels, first, second = kinds
    both = np.hstack([counts - swapped, swapped])
    values = [
        measure(count_kinds(both, np.tile(labels, 2), np.concatenate(answers), num_classes, objective), objective)
        for answers in ((first, second), (second, first))
    ]
    return np.asarray(values[0] - values[1])
