"""Subsets of the training and validation reviews, stratified by label; smaller ones lie in larger ones."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.ingest.facts import Duplicates, ReviewsFacts
from tasks.ingest.split import hash_texts, mix
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE

# Seeds draw subsets that are independent of each other, of the splits and of the folds.
SUBSET_SALT: Final = 1_000
SHRUNK: Final = {"train": TRAIN_FILE, "validation": VALIDATION_FILE}


def write_subset(source: Path, folder: Path, *, share: float, seed: int) -> dict[str, list[int]]:
    """Write a share of the training and of the validation reviews; returns the labels' counts by split.

    Who has few training reviews has few for validation too. The order of the reviews is kept.
    """
    counts = {}
    for split, name in SHRUNK.items():
        table = pq.read_table(source / name)
        labels = table.column("label").to_numpy()
        chosen = choose_share(hash_texts(table.column("text").to_pylist()), labels, share=share, seed=seed)
        pq.write_table(table.filter(pa.array(chosen)), folder / name, compression="zstd")
        counts[split] = np.bincount(labels[chosen]).tolist()
    return counts


def choose_share(
    hashes: NDArray[np.uint64], labels: NDArray[np.int32], *, share: float, seed: int
) -> NDArray[np.bool_]:
    """Choose a share of the reviews of each label, at least one of each: a mask of shape (num_reviews,).

    The reviews of a label are taken in an order that the seed decides, so the choice for a share lies within that for
    any larger share. Reviews with equal hashes are chosen together, and count for the label of the first of them.
    """
    unique, first, inverse, sizes = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    labels_of_groups = labels[first]
    order = np.argsort(mix(unique, salt=SUBSET_SALT + seed), kind="stable")
    chosen = np.zeros(len(unique), dtype=np.bool_)
    for label in np.unique(labels_of_groups):
        members = order[labels_of_groups[order] == label]
        reached = sizes[members].cumsum()
        fits = reached <= np.floor(share * reached[-1] + 0.5)
        # The first one always, so that no label is missing.
        chosen[members[0]] = True
        chosen[members[fits]] = True
    return chosen[inverse]


def describe_subset(facts: ReviewsFacts, counts: dict[str, list[int]]) -> ReviewsFacts:
    """Describe a subset's reviews as its dataset is described; the check of the data was that of the whole dataset.

    `counts` are the labels' counts of the splits that the subset has shrunk.
    """
    names = facts.label_names
    shrunk = {
        split: dict(zip(names, [*found, *[0] * (len(names) - len(found))], strict=True))
        for split, found in counts.items()
    }
    return facts.model_copy(
        update={
            "num_reviews": {**facts.num_reviews, **{split: sum(found) for split, found in counts.items()}},
            "counts": {**facts.counts, **shrunk},
            "duplicates": Duplicates(within=dict.fromkeys(facts.num_reviews, 0), across={}, conflicting=0),
        }
    )
