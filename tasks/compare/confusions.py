"""Which labels a model takes for which others, and how far apart they are where labels have an order."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tasks.compare.facts import ConfusedLabels, Confusions
from tasks.compare.results import Contestant

MOST_PAIRS: Final = 30


def count_confusions(contestant: Contestant, label_names: Sequence[str]) -> Confusions:
    """Count the wrong answers of the shipped model by true and predicted label; the most frequent pairs are kept."""
    predicted, labels = contestant.predicted[contestant.shipped], contestant.labels
    wrong = predicted != labels
    pairs, counts = np.unique(np.column_stack([labels, predicted])[wrong], axis=0, return_counts=True)
    sizes = np.bincount(labels, minlength=len(label_names))
    order = np.argsort(-counts, kind="stable")[:MOST_PAIRS]
    is_ordinal = contestant.shipped_result.metrics.metric("mae") is not None
    return Confusions(
        model=contestant.name,
        num_wrong=int(wrong.sum()),
        num_pairs=len(pairs),
        pairs=tuple(
            ConfusedLabels(
                label=label_names[label],
                predicted=label_names[answer],
                count=int(count),
                share=float(count / sizes[label]),
            )
            for (label, answer), count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
        ),
        distances=tuple(np.bincount(np.abs(predicted - labels)).tolist()) if is_ordinal else None,
    )
