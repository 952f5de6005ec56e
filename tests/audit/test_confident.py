"""Confident learning finds labels that probabilities speak against, also with labels that no review has."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audit.confident import suspect


def be_sure(labels: list[int], *, num_classes: int, probability: float = 0.9) -> NDArray[np.float64]:
    """Probabilities that are high for the labels."""
    found = np.full((len(labels), num_classes), (1 - probability) / (num_classes - 1))
    found[np.arange(len(labels)), labels] = probability
    return found


def test_wrong_labels_are_found_the_least_probable_first() -> None:
    true = [0, 1, 2] * 20
    given = np.array(true, np.int32)
    given[[3, 10, 23]] = [1, 2, 0]
    probabilities = be_sure(true, num_classes=3)
    probabilities[10] = [0.01, 0.98, 0.01]
    found = suspect(given, probabilities)
    assert found.rows[0] == 10
    assert sorted(found.rows) == [3, 10, 23]


def test_estimate_says_which_labels_belong_to_which() -> None:
    true = [0] * 50 + [1] * 50
    given = np.array(true, np.int32)
    given[:10] = 1
    found = suspect(given, be_sure(true, num_classes=2))
    np.testing.assert_allclose(found.belong, [[40, 0], [10, 50]])


def test_labels_that_no_review_has_are_left_out() -> None:
    true = [0, 3] * 20
    given = np.array(true, np.int32)
    given[4] = 3
    probabilities = be_sure(true, num_classes=5)
    probabilities[:, 2] = 0
    found = suspect(given, probabilities)
    assert found.rows.tolist() == [4]
    assert found.belong.shape == (5, 5)
    assert found.belong[[1, 2, 4]].sum() == found.belong[:, [1, 2, 4]].sum() == 0
    np.testing.assert_allclose(found.belong.sum(), 40)


@pytest.mark.parametrize("labels", [[], [1, 1, 1]])
def test_fewer_than_two_labels_leave_nothing_to_suspect(labels: list[int]) -> None:
    given = np.array(labels, np.int32)
    found = suspect(given, np.full((len(labels), 2), 0.5))
    assert found.rows.tolist() == []
    assert found.belong.tolist() == [[0, 0], [0, len(labels)]]


def test_probabilities_of_zero_do_no_harm() -> None:
    true = [0, 1] * 20
    given = np.array(true, np.int32)
    given[0] = 1
    found = suspect(given, be_sure(true, num_classes=2, probability=1.0))
    assert found.rows.tolist() == [0]


def test_nothing_is_suspected_where_probabilities_agree() -> None:
    true = np.array([0, 1] * 20, np.int32)
    assert suspect(true, be_sure(true.tolist(), num_classes=2)).rows.tolist() == []
