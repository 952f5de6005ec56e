"""Confident learning (Northcutt, Jiang & Chuang 2021, https://arxiv.org/abs/1911.00068), as cleanlab computes it.

A label is suspected if a model that has not seen the review finds it less likely than another one, of which it is at
least as sure as it is, on average, of the reviews that have that other one. The counts of reviews by the label that
they have and by that other one, scaled to the numbers of reviews with each label, estimate how many belong to which.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Suspicion(NamedTuple):
    """What confident learning finds in some reviews.

    `rows` are the reviews whose labels are probably wrong, the least probable label first. `belong` estimates how many
    reviews with each given label belong to each label: shape (num_classes, num_classes).
    """

    rows: NDArray[np.int64]
    belong: NDArray[np.float64]


def suspect(labels: NDArray[np.int32], probabilities: NDArray[np.float64]) -> Suspicion:
    """Find the labels of shape (num_reviews,) that probabilities of shape (num_reviews, num_classes) speak against.

    Labels that no review has are left out of account; with fewer than two others, nothing is suspected.
    """
    num_classes = probabilities.shape[1]
    present, codes = np.unique(labels, return_inverse=True)
    if len(present) < 2:  # noqa: PLR2004
        return Suspicion(np.empty(0, np.int64), np.diag(np.bincount(labels, minlength=num_classes)).astype(float))
    from cleanlab.count import compute_confident_joint, estimate_joint

    chosen = np.clip(probabilities[:, present], np.finfo(float).tiny, None)
    chosen /= chosen.sum(axis=1, keepdims=True)
    joint, elsewhere = compute_confident_joint(codes, chosen, return_indices_of_off_diagonals=True)
    rows = np.array([row for row in elsewhere if chosen[row].argmax() != codes[row]], np.int64)
    belong = np.zeros((num_classes, num_classes))
    belong[np.ix_(present, present)] = estimate_joint(codes, chosen, confident_joint=joint) * len(labels)
    return Suspicion(rows[np.argsort(chosen[rows, codes[rows]], kind="stable")], belong)
