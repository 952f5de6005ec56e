"""How well a model does on each label: precision, recall and the area under the precision-recall curve."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from tasks.compare.facts import Estimate, LabelScores
from tasks.compare.results import Contestant
from tasks.evaluate.intervals import CONFIDENCE

# With more labels, only the model that is looked at more closely is described label by label.
MOST_OF_ALL_MODELS: Final = 50


def describe_models(
    contestants: Sequence[Contestant], shown: Contestant, label_names: Sequence[str]
) -> dict[str, tuple[LabelScores, ...]]:
    """Describe the shipped model of each variant, or only the one that is shown if there are many labels."""
    described = contestants if len(label_names) <= MOST_OF_ALL_MODELS else [shown]
    return {it.name: describe_labels(it, label_names) for it in described}


def describe_labels(contestant: Contestant, label_names: Sequence[str]) -> tuple[LabelScores, ...]:
    """Describe how well the shipped model does on each label of the test split."""
    shipped = contestant.shipped
    predicted, probabilities = contestant.predicted[shipped], contestant.read_probabilities(shipped)
    return tuple(
        describe_label(name, contestant.labels == index, predicted == index, probabilities[:, index])
        for index, name in enumerate(label_names)
    )


def describe_label(name: str, mine: np.ndarray, named: np.ndarray, probability: np.ndarray) -> LabelScores:
    """Describe one label; whose reviews they are, which are given it and its probability have shape (num_reviews,)."""
    hits, num_reviews, num_named = int((mine & named).sum()), int(mine.sum()), int(named.sum())
    return LabelScores(
        label=name,
        num_reviews=num_reviews,
        num_named=num_named,
        precision=estimate_rate(hits, num_named),
        recall=estimate_rate(hits, num_reviews),
        pr_auc=measure_pr_auc(mine, probability) if 0 < num_reviews < len(mine) else None,
    )


def estimate_rate(hits: float, total: int) -> Estimate | None:
    """Estimate a rate with Wilson's interval (1927); None of nothing."""
    if not total:
        return None
    low, high = proportion_confint(hits, total, alpha=1.0 - CONFIDENCE, method="wilson")
    return Estimate(value=hits / total, low=float(low), high=float(high))


def measure_pr_auc(mine: np.ndarray, probability: np.ndarray) -> Estimate | None:
    """Measure the area under the precision-recall curve, as average precision.

    Its interval is that of a rate among as many reviews as have the label: Boyd, Eng & Page (2013, "Area under the
    Precision-Recall Curve") find such binomial intervals to cover well, unlike a bootstrap of few reviews.
    """
    from sklearn.metrics import average_precision_score

    area = float(average_precision_score(mine, probability))
    found = estimate_rate(area * int(mine.sum()), int(mine.sum()))
    return found and found.model_copy(update={"value": area})


def find_never_answered(contestant: Contestant, label_names: Sequence[str]) -> dict[str, int]:
    """Count the test reviews of each label that the shipped model gives to no review, rarest first."""
    sizes = np.bincount(contestant.labels, minlength=len(label_names))
    answered = np.bincount(contestant.predicted[contestant.shipped], minlength=len(label_names))
    missed = np.flatnonzero((sizes > 0) & (answered == 0))
    return {label_names[index]: int(sizes[index]) for index in missed[np.argsort(sizes[missed], kind="stable")]}
