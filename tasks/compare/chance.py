"""Which models have learned anything: each is compared with the constant answer, the commonest label in training.

The shipped model of each variant takes two tests, and Holm's correction covers both tests of all variants. In a run on
random labels, any model at all is said to beat chance in at most 5 of 100 cases.

- Accuracy: McNemar's exact test against the constant answer on the same reviews, one-sided.
- Macro-F1: a permutation test of whether predictions and labels are associated. Where classes are unequal, a model may
  find the rare ones and still be right less often than the constant answer. A paired bootstrap of the difference in
  macro-F1 would not do: the constant answer gets next to no macro-F1, so that random guesses beat it with certainty.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import random_table

from tasks.compare.facts import ALPHA
from tasks.compare.leaderboard_facts import ChanceMetric
from tasks.compare.results import CONSTANT, Contestant
from tasks.compare.significance import correct_holm, count_discordant, mcnemar_exact

# The smallest p-value is 1 / 5,000, which is still significant after a correction for 200 tests.
NUM_TABLES: Final = 4_999
# Tables are drawn in parts of so many cells, to bound the memory that they take.
CELLS_AT_A_TIME: Final = 2_000_000
MANY_CLASSES: Final = 50
# The same sum in another order of its terms differs by less.
ROUNDING: Final = 1e-12


class ChanceTest(NamedTuple):
    """The p-values of one model, before the correction."""

    accuracy: float
    macro_f1: float


def find_constant(contestants: Sequence[Contestant], train_labels: NDArray[np.int32]) -> int:
    """Find the label of the constant answer: what the majority baseline answers, or the commonest label in training.

    Only a tie between the commonest labels can make the two differ.
    """
    answers = [it.predicted[it.shipped] for it in contestants if it.name == CONSTANT]
    return int(np.bincount(answers[0] if answers else train_labels).argmax())


def find_learners(contestants: Sequence[Contestant], constant: int) -> dict[str, ChanceMetric | None]:
    """Say of each model on which metric it beats the constant answer, accuracy first; None if on neither."""
    tests = [measure_chance(it.predicted[it.shipped], it.labels, constant) for it in contestants]
    corrected = np.reshape(correct_holm([p_value for test in tests for p_value in test]), (-1, 2))
    return {
        it.name: "accuracy" if on_accuracy < ALPHA else "macro-F1" if on_macro_f1 < ALPHA else None
        for it, (on_accuracy, on_macro_f1) in zip(contestants, corrected, strict=True)
    }


def can_beat_chance(labels: NDArray[np.int32], constant: int, *, num_models: int) -> bool:
    """Tell whether so few reviews could show that even a model without mistakes, one of several, beats chance."""
    return min(measure_chance(labels, labels, constant)) * 2 * num_models < ALPHA


def measure_chance(predicted: NDArray[np.integer[Any]], labels: NDArray[np.int32], constant: int) -> ChanceTest:
    """Test predictions against labels, both of shape (num_reviews,), on both metrics.

    A model that gives every review the same label has learned nothing from the texts, whichever label it is.
    """
    if (predicted == predicted[0]).all():
        return ChanceTest(accuracy=1.0, macro_f1=1.0)
    return ChanceTest(compare_accuracy(predicted, labels, constant), compare_macro_f1(predicted, labels, constant))


def compare_accuracy(predicted: NDArray[np.integer[Any]], labels: NDArray[np.int32], constant: int) -> float:
    """Test whether the predictions are right more often than the constant answer: exact one-sided p-value.

    With five reviews that only the model got right and none that only the constant answer did, it is 0.5**5 = 0.03125.
    """
    correct, by_constant = predicted == labels, labels == constant
    only_model, only_constant = count_discordant(correct, by_constant)
    return mcnemar_exact(correct, by_constant) / 2 if only_model > only_constant else 1.0


def compare_macro_f1(predicted: NDArray[np.integer[Any]], labels: NDArray[np.int32], constant: int) -> float:
    """Test whether macro-F1 is higher than that of the same predictions in random order: one-sided p-value.

    It is 1 where macro-F1 is not above that of the constant answer. The predictions at hand count as one of the draws,
    so that the p-value holds for any number of draws (Phipson & Smyth 2010). For the predictions 0, 0, 1, 1 of the
    labels 0, 0, 1, 1 it is about 1/6, because one in six orders is without mistakes.
    """
    confusion = count_answers(predicted, labels)
    weights = 2 / (confusion.sum(axis=0) + confusion.sum(axis=1))
    observed = float(weights @ confusion.diagonal())
    share = float((labels == constant).mean())
    if observed <= 2 * share / (1 + share):
        return 1.0
    as_high = sum(int((hits @ weights >= observed - ROUNDING).sum()) for hits in draw_hits(confusion))
    return (1 + as_high) / (1 + NUM_TABLES)


def count_answers(predicted: NDArray[np.integer[Any]], labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """Count reviews by label and prediction, without the classes that are neither: (num_classes, num_classes)."""
    classes, places = np.unique(np.concatenate([labels, predicted]), return_inverse=True)
    rows, columns = np.split(places, 2)
    return np.bincount(rows * len(classes) + columns, minlength=len(classes) ** 2).reshape(len(classes), len(classes))


def draw_hits(confusion: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Draw the hits of each class when the predictions are in random order: parts of shape (num_draws, num_classes).

    The order does not change the sums of the rows and columns of the confusion matrix, so it suffices to draw matrices
    with these sums (Patefield 1981). The F1 of a class is 2 hits / (row + column), in which only the hits vary.
    """
    if len(confusion) > MANY_CLASSES:
        yield from draw_hits_of_many(confusion)
        return
    tables = random_table(confusion.sum(axis=1), confusion.sum(axis=0), seed=0)
    at_a_time = max(1, CELLS_AT_A_TIME // confusion.size)
    for start in range(0, NUM_TABLES, at_a_time):
        drawn = tables.rvs(size=min(at_a_time, NUM_TABLES - start))
        yield np.diagonal(drawn.reshape(-1, *confusion.shape), axis1=1, axis2=2)


def draw_hits_of_many(confusion: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Do the same by shuffling the predictions, in time that grows with the reviews and not with the cells."""
    classes, random = np.arange(len(confusion)), np.random.default_rng(0)
    labels, predicted = (np.repeat(classes, confusion.sum(axis=axis)) for axis in (1, 0))
    for _ in range(NUM_TABLES):
        random.shuffle(predicted)
        yield np.bincount(labels[labels == predicted], minlength=len(classes))[None, :]
