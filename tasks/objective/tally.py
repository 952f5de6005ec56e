"""Answers counted by label, so that metrics of many sets of answers, or of many resamples, are quick to compute."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.objective.facts import Objective

Labels = NDArray[np.integer[Any]]
Numbers = NDArray[np.float64]
# Counts of resamples are made in parts of so many cells, to bound the memory that they take.
CELLS_AT_A_TIME: Final = 4_000_000


class Tally(NamedTuple):
    """Counts of reviews: right answers by label, reviews by label, reviews by answer, all of shape (..., num_classes).

    `cost` is the total cost of the answers, of shape (...); 0 if nothing is known of costs.
    """

    hits: Numbers
    labels: Numbers
    answers: Numbers
    cost: Numbers


def measure(tally: Tally, objective: Objective) -> Numbers:
    """Compute the metric that decides, costs per review negated so that more is better: shape (...).

    A label that is neither present nor answered has an F1 of 0, as in scikit-learn, and a recall of 0.
    """
    match objective.metric:
        case "macro-f1":
            of_labels: Numbers = divide(2 * tally.hits, tally.labels + tally.answers)
            return np.asarray(of_labels.mean(axis=-1))
        case "recall":
            return divide(tally.hits[..., objective.place], tally.labels[..., objective.place])
        case "cost":
            return -divide(tally.cost, tally.labels.sum(axis=-1))


def divide(counts: Numbers, totals: Numbers) -> Numbers:
    """Divide counts; nothing of nothing is 0."""
    return np.divide(counts, totals, out=np.zeros_like(counts, np.float64), where=totals > 0)


def count(labels: Labels, answers: Labels, num_classes: int, objective: Objective) -> Tally:
    """Count answers to reviews with labels, both of shape (num_reviews,)."""
    return count_kinds(np.ones((1, len(labels))), labels, answers, num_classes, objective)


def count_kinds(counts: NDArray[Any], labels: Labels, answers: Labels, num_classes: int, objective: Objective) -> Tally:
    """Count reviews of some kinds, each with a label and an answer of shape (num_kinds,): (num_draws, num_kinds)."""
    costs = np.array(objective.costs)[labels, answers] if objective.costs else np.zeros(len(labels))
    right = labels == answers
    return Tally(
        add_up(counts[:, right], labels[right], num_classes),
        add_up(counts, labels, num_classes),
        add_up(counts, answers, num_classes),
        counts @ costs,
    )


def add_up(counts: NDArray[Any], classes: Labels, num_classes: int) -> Numbers:
    """Add up the counts of the kinds of each class: add_up([[1, 2, 4]], [0, 2, 2], 3) -> [[1, 0, 6]]."""
    totals = np.zeros((len(counts), num_classes))
    if len(classes):
        order = np.argsort(classes, kind="stable")
        present, starts = np.unique(classes[order], return_index=True)
        totals[:, present] = np.add.reduceat(counts[:, order], starts, axis=1)
    return totals


def resample(
    labels: Labels, answers: Sequence[Labels], num_classes: int, objective: Objective, *, num_draws: int
) -> list[Numbers]:
    """Draw reviews with replacement, the same for all sets of answers; returns the metric of each set: (num_draws,).

    Reviews with the same label and the same answers are of one kind, and the counts of kinds are multinomial.
    """
    kinds, counts = np.unique(np.stack([labels, *answers]), axis=1, return_counts=True)
    return measure_draws(draw_reviews(counts, num_draws), kinds, num_classes, objective)


def measure_draws(
    draws: Iterator[NDArray[Any]], kinds: Labels, num_classes: int, objective: Objective
) -> list[Numbers]:
    """Measure each set of answers in parts of draws; `kinds` has the labels in its first row and the answers below."""
    parts = [
        [measure(count_kinds(part, kinds[0], row, num_classes, objective), objective) for row in kinds[1:]]
        for part in draws
    ]
    return [np.concatenate(found) for found in zip(*parts, strict=True)]


def draw_reviews(counts: NDArray[Any], num_draws: int) -> Iterator[NDArray[Any]]:
    """Draw the counts of kinds of reviews: parts of shape (some draws, num_kinds)."""
    random = np.random.default_rng(0)
    at_a_time = max(1, CELLS_AT_A_TIME // len(counts))
    for start in range(0, num_draws, at_a_time):
        yield random.multinomial(counts.sum(), counts / counts.sum(), size=min(at_a_time, num_draws - start))
