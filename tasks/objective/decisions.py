"""How probabilities become answers for the metric that decides, chosen on the validation split.

Two labels are told apart by a threshold; the answers to more have a weight each. Both start where they would be if the
probabilities were perfect, and move only for a gain that is larger than two of its standard errors: the best of many
candidates is partly luck.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.objective.answers import choose_answers, measure_merits
from tasks.objective.facts import Costs, Objective, Rule
from tasks.objective.tally import Tally, count, divide, measure, resample

Labels = NDArray[np.integer[Any]]
Numbers = NDArray[np.float64]
MIDDLE: Final = 0.5
# With more labels, there are too few reviews of each to choose a weight by.
MOST_WEIGHED: Final = 50
# What a weight is multiplied by to find a better one, and how often each label gets its turn.
FACTORS: Final = 2.0 ** np.arange(-6, 6.25, 0.5)
NUM_ROUNDS: Final = 3
NUM_RESAMPLES: Final = 1_000
CLEAR_GAIN: Final = 2.0
# Answering one label to every review would find all that have it. The recall that counts is the highest at which the
# answer is right at least every other time.
LEAST_PRECISION: Final = 0.5


class Choice(NamedTuple):
    """The threshold of two labels or the rule for more, and the metric on the reviews that it was chosen by."""

    threshold: float
    rule: Rule | None
    value: float


def choose_decision(probabilities: NDArray[np.floating[Any]], labels: Labels, objective: Objective) -> Choice:
    """Choose how probabilities of shape (num_reviews, num_classes) become answers; labels have shape (num_reviews,)."""
    if probabilities.shape[1] == 2:  # noqa: PLR2004
        threshold = choose_threshold(probabilities[:, 1], labels, objective)
        answers = (probabilities[:, 1] >= threshold).astype(np.intp)
        return Choice(threshold, None, evaluate(answers, labels, 2, objective))
    rule = choose_rule(probabilities, labels, objective)
    value = evaluate(choose_answers(probabilities, rule), labels, probabilities.shape[1], objective)
    return Choice(MIDDLE, None if rule.is_plain else rule, value)


def evaluate(answers: Labels, labels: Labels, num_classes: int, objective: Objective) -> float:
    """Compute the metric that decides; more is better."""
    return float(measure(count(labels, answers, num_classes, objective), objective)[0])


def rate(tally: Tally, objective: Objective) -> Numbers:
    """Rate answers for a choice among them; a recall at too low a precision is worse than none."""
    values = measure(tally, objective)
    if objective.metric != "recall":
        return values
    hits, answers = tally.hits[..., objective.place], tally.answers[..., objective.place]
    return np.where(divide(hits, answers) >= np.where(answers > 0, LEAST_PRECISION, 0), values, -1.0)


def choose_threshold(positive: NDArray[np.floating[Any]], labels: Labels, objective: Objective) -> float:
    """Choose the best threshold of the second label's probability, among equals the nearest to the ideal one."""
    ideal = find_ideal_threshold(objective.costs)
    values = np.unique([0.0, *positive, 1.0])
    candidates = np.unique([ideal, *(values[1:] + values[:-1]) / 2])
    rated = rate(count_at_thresholds(positive, labels, candidates, objective), objective)
    best = candidates[rated == rated.max()]
    chosen = float(best[np.abs(best - ideal).argmin()])
    found, usual = ((positive >= threshold).astype(np.intp) for threshold in (chosen, ideal))
    return chosen if is_gain(labels, usual, found, 2, objective) else ideal


def find_ideal_threshold(costs: Costs | None) -> float:
    """Return the threshold that suits true probabilities: with a missed one at 9 and a false one at 1, it is 0.1."""
    if costs is None:
        return MIDDLE
    false, missed = costs[0][1], costs[1][0]
    return false / (false + missed)


def count_at_thresholds(
    positive: NDArray[np.floating[Any]], labels: Labels, thresholds: Numbers, objective: Objective
) -> Tally:
    """Count the answers at each threshold: a tally of shape (num_thresholds, 2)."""
    order = positive.argsort()
    below = positive[order].searchsorted(thresholds)
    missed = np.cumsum([0, *labels[order]])[below]
    num_second, num_reviews = int(labels.sum()), len(labels)
    hits = np.column_stack([below - missed, num_second - missed]).astype(np.float64)
    of_labels = np.broadcast_to(np.array([num_reviews - num_second, num_second], np.float64), hits.shape)
    answers = np.column_stack([below, num_reviews - below]).astype(np.float64)
    wrong = of_labels - hits
    costs = np.array(objective.costs or ((0.0, 0.0), (0.0, 0.0)))
    return Tally(hits, of_labels, answers, wrong[:, 0] * costs[0, 1] + wrong[:, 1] * costs[1, 0])


def choose_rule(probabilities: NDArray[np.floating[Any]], labels: Labels, objective: Objective) -> Rule:
    """Choose the weights of more than two labels, one after the other, for a few rounds."""
    num_classes = probabilities.shape[1]
    plain = Rule(weights=(1.0,) * num_classes, costs=objective.costs)
    if num_classes > MOST_WEIGHED:
        return plain
    merits, weights = measure_merits(probabilities, objective.costs), np.ones(num_classes)
    places = range(num_classes) if objective.place is None else [objective.place]
    for _ in range(NUM_ROUNDS):
        before = weights.copy()
        for place in places:
            weights[place] = choose_weight(merits * weights, place, labels, objective) * weights[place]
        if (weights == before).all():
            break
    found = Rule(weights=tuple(weights.tolist()), costs=objective.costs)
    usual, chosen = choose_answers(probabilities, plain), choose_answers(probabilities, found)
    return found if is_gain(labels, usual, chosen, num_classes, objective) else plain


def choose_weight(merits: Numbers, place: int, labels: Labels, objective: Objective) -> float:
    """Choose what one label's merits (num_reviews, num_classes) are multiplied by; 1 if nothing else is better."""
    others = merits.copy()
    others[:, place] = -np.inf
    second, best = others.argmax(axis=1), others.max(axis=1)
    answers = [np.where(merits[:, place] * factor > best, place, second) for factor in FACTORS]
    rated = np.array([rate(count(labels, it, merits.shape[1], objective), objective)[0] for it in answers])
    equal = FACTORS[rated == rated.max()]
    return float(equal[np.abs(np.log(equal)).argmin()])


def is_gain(labels: Labels, before: Labels, after: Labels, num_classes: int, objective: Objective) -> bool:
    """Tell whether other answers are better by more than CLEAR_GAIN standard errors of the difference (bootstrap)."""
    gain = evaluate(after, labels, num_classes, objective) - evaluate(before, labels, num_classes, objective)
    if gain <= 0:
        return False
    found = resample(labels, [before, after], num_classes, objective, num_draws=NUM_RESAMPLES)
    return gain > CLEAR_GAIN * float((found[1] - found[0]).std())
