"""Texts that occur more than once among the reviews that were written."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.ingest.facts import Duplicates


class Written(NamedTuple):
    """The reviews of a written split: the hash of each text and its label, both of shape (num_reviews,)."""

    hashes: NDArray[np.uint64]
    labels: NDArray[np.int32]


def count_duplicates(splits: Mapping[str, Written]) -> Duplicates:
    """Count duplicate texts, as `Duplicates` describes; texts with equal hashes count as equal."""
    unique = {name: np.unique(split.hashes) for name, split in splits.items()}
    return Duplicates(
        within={name: len(split.hashes) - len(unique[name]) for name, split in splits.items()},
        across={
            f"{first} and {second}": len(np.intersect1d(unique[first], unique[second], assume_unique=True))
            for first, second in combinations(splits, 2)
        },
        conflicting=count_conflicts(splits),
    )


def count_conflicts(splits: Mapping[str, Written]) -> int:
    """Count distinct texts that have more than one label."""
    hashes = np.concatenate([split.hashes for split in splits.values()])
    labels = np.concatenate([split.labels for split in splits.values()])
    order = np.lexsort((labels, hashes))
    hashes, labels = hashes[order], labels[order]
    differ = (hashes[1:] == hashes[:-1]) & (labels[1:] != labels[:-1])
    return len(np.unique(hashes[1:][differ]))
